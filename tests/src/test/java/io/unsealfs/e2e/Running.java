package io.unsealfs.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program that runs beside the test: a key server, a mount in the foreground. */
final class Running implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 60;

  private final String command;
  private final Process process;
  private final Path out;
  private final List<String> lines = new ArrayList<>(); // guarded by itself
  private boolean ended; // guarded by lines

  Running(String command, Process process, Path out) {
    this.command = command;
    this.process = process;
    this.out = out;
    Thread.ofPlatform().daemon().name("stderr of " + process.pid()).start(this::read);
  }

  private void read() {
    try (BufferedReader in =
        new BufferedReader(new InputStreamReader(process.getErrorStream(), UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        synchronized (lines) {
          lines.add(line);
          lines.notifyAll();
        }
      }
    } catch (IOException e) {
      // killed while it spoke
    } finally {
      synchronized (lines) {
        ended = true;
        lines.notifyAll();
      }
    }
  }

  long pid() {
    return process.pid();
  }

  /** Waits until it says a line that contains {@code text} on standard error. */
  String awaitLine(String text) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    synchronized (lines) {
      while (true) {
        for (String line : lines) {
          if (line.contains(text)) {
            return line;
          }
        }
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (ended || left <= 0) {
          throw new AssertionError("no line with '" + text + "' from " + this);
        }
        lines.wait(left);
      }
    }
  }

  /** Lines on standard error so far. */
  List<String> lines() {
    synchronized (lines) {
      return List.copyOf(lines);
    }
  }

  /** Sends a signal by name, as kill(1) does. */
  void signal(String name) throws IOException, InterruptedException {
    Processes.signal(process.pid(), name);
  }

  /** Waits for its end and for its last words, and gives the exit status. */
  int await() throws InterruptedException {
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("still running: " + this);
    }
    // no longer than this: a child of its own that lives on may hold the pipe
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    synchronized (lines) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      while (!ended && left > 0) {
        lines.wait(left);
        left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      }
    }
    return process.exitValue();
  }

  /** Asks it to end, kills it if it does not. */
  @Override
  public void close() throws IOException {
    try {
      process.destroy();
      process.waitFor(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      Command.kill(process);
      Files.deleteIfExists(out);
    }
  }

  @Override
  public String toString() {
    synchronized (lines) {
      return command + "\n" + String.join("\n", lines);
    }
  }
}
