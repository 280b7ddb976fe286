package io.unsealfs.daemon.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Runs this program again as a process of its own, the way a user's shell would. */
final class Program {
  private static final int LINES_KEPT = 50;

  private Program() {}

  /** A started command whose standard error is being read. */
  static final class Running implements AutoCloseable {
    private final String command;
    private final Process process;
    private final Deque<String> lines = new ArrayDeque<>(); // guarded by itself
    private final AtomicReference<String> awaited = new AtomicReference<>("");
    private final CountDownLatch found = new CountDownLatch(1);
    private final Thread reader;

    private Running(String command, Process process, String awaitedText) {
      this.command = command;
      this.process = process;
      this.reader = Thread.ofPlatform().daemon().start(() -> read(awaitedText));
    }

    private void read(String awaitedText) {
      try (BufferedReader in =
          new BufferedReader(
              new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
          synchronized (lines) {
            lines.addLast(line);
            if (lines.size() > LINES_KEPT) {
              lines.removeFirst();
            }
            lines.notifyAll();
          }
          if (line.contains(awaitedText)) {
            awaited.compareAndSet("", line);
            found.countDown();
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        found.countDown();
      }
    }

    /** The line that says what was waited for. */
    String awaitLine() throws IOException, InterruptedException {
      boolean ended = found.await(60, TimeUnit.SECONDS);
      String line = awaited.get();
      if (line.isEmpty()) {
        throw new IOException(
            command + (ended ? " ended early: " : " said nothing for a minute: ") + lastLine());
      }
      return line;
    }

    /** Last line on standard error. */
    String lastLine() {
      synchronized (lines) {
        return lines.isEmpty() ? "(no output)" : lines.getLast();
      }
    }

    /**
     * Whether some line contains {@code text}; a line takes a while from that process to here, so
     * ten seconds are waited for it.
     */
    boolean said(String text) throws InterruptedException {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      synchronized (lines) {
        while (lines.stream().noneMatch(line -> line.contains(text))) {
          long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
          if (left <= 0) {
            return false;
          }
          lines.wait(left);
        }
        return true;
      }
    }

    /** Waits for the end by itself. */
    int await() throws IOException, InterruptedException {
      if (!process.waitFor(120, TimeUnit.SECONDS)) {
        throw new IOException(command + " did not end");
      }
      reader.join();
      return process.exitValue();
    }

    /** Asks the process to end and waits for it; kills it if it does not. */
    @Override
    public void close() throws IOException {
      // by its handle: Process.destroy would close the stream that is still being read
      process.toHandle().destroy();
      try {
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          throw new IOException(command + " had to be killed");
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Starts {@code unsealfs} with {@code arguments}; {@code awaitedText} marks the line to wait for.
   */
  static Running start(String awaitedText, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), "io.unsealfs.daemon.Main"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("UNSEALFS_"));
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    return new Running("unsealfs " + arguments[0], builder.start(), awaitedText);
  }

  /** Runs a command to its end and returns it for a look at exit code and output. */
  static Running run(int expectedStatus, String... arguments)
      throws IOException, InterruptedException {
    Running running = start("\0", arguments);
    int status = running.await();
    if (status != expectedStatus) {
      throw new IOException(
          String.format(
              "unsealfs %s: exit code %d instead of %d: %s",
              arguments[0], status, expectedStatus, running.lastLine()));
    }
    return running;
  }
}
