package io.unsealfs.soak;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A running {@code soak-reader}; see there for the page that both sides map. */
final class SoakReader {
  private static final int PAGE_BYTES = 4096;
  private static final int OPERATIONS = 0;
  private static final int BYTES = 8;
  private static final int INTERRUPTED = 16;
  private static final int REFUSED = 24;
  private static final int CALLS = 32;
  private static final int STOP = 40;
  private static final int TEARING = 48;
  private static final int DOING = 64;
  private static final int FAILURE = 512;
  private static final int FAILURE_BYTES = 1024;

  private final Process process;
  private final Path file;
  private final MappedByteBuffer page;
  private long lastCalls = -1;
  private long lastMovedNanos = System.nanoTime();
  private boolean killed;

  private SoakReader(Process process, Path file, MappedByteBuffer page) {
    this.process = process;
    this.file = file;
    this.page = page;
  }

  static SoakReader start(Path program, Path tree, Path scratch, long seed, boolean resident)
      throws IOException {
    Path file = Files.createTempFile(scratch, "page-", "");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MappedByteBuffer page = channel.map(FileChannel.MapMode.READ_WRITE, 0, PAGE_BYTES);
      page.order(ByteOrder.nativeOrder());
      List<String> words =
          new ArrayList<>(
              List.of(program.toString(), tree.toString(), file.toString(), Long.toString(seed)));
      if (resident) {
        words.add("resident");
      }
      Process process =
          new ProcessBuilder(words)
              .directory(Path.of("/").toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return new SoakReader(process, file, page);
    }
  }

  /**
   * Sends a signal; one that has ended already is none of its business, and one that has not come
   * to its first call yet has no handler for an interruption.
   */
  void signal(String name) throws IOException, InterruptedException {
    if (name.equals("USR1") && page.getLong(CALLS) == 0) {
      return;
    }
    killed |= !name.equals("USR1");
    if (process.isAlive()) {
      new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    }
  }

  /** From now on it may see errors. */
  void expectErrors() {
    page.putLong(TEARING, 1);
  }

  /** It is to end after what it is doing. */
  void stop() {
    page.putLong(STOP, 1);
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Waits for its end, unless it stands still for {@code patience}. */
  void await(Duration patience) throws InterruptedException, SoakFailure {
    while (!process.waitFor(100, TimeUnit.MILLISECONDS)) {
      requireProgress(patience);
    }
    requireRight();
  }

  /** Fails if it has been in one system call for longer than {@code patience}. */
  void requireProgress(Duration patience) throws SoakFailure {
    long calls = page.getLong(CALLS);
    long now = System.nanoTime();
    if (calls != lastCalls || !process.isAlive()) {
      lastCalls = calls;
      lastMovedNanos = now;
    } else if (now - lastMovedNanos > patience.toNanos()) {
      throw new SoakFailure(
          "HANG: reader "
              + process.pid()
              + " has been in one call for "
              + patience.toSeconds()
              + " s: "
              + text(DOING, FAILURE - DOING)
              + "\n"
              + kernelStack(process.pid()));
    }
  }

  /** Fails if it saw what it must not see. */
  void requireRight() throws SoakFailure {
    String failure = text(FAILURE, FAILURE_BYTES);
    if (!failure.isEmpty()) {
      throw new SoakFailure("reader " + process.pid() + ": " + failure);
    }
    if (!process.isAlive() && !killed && process.exitValue() != 0) {
      throw new SoakFailure(
          "reader "
              + process.pid()
              + " ended with "
              + process.exitValue()
              + " while it was doing: "
              + text(DOING, FAILURE - DOING));
    }
  }

  /** Adds its figures, ends it if it runs, and takes its page away. */
  void close(Tally tally) throws IOException, InterruptedException {
    process.destroyForcibly();
    process.waitFor(30, TimeUnit.SECONDS);
    tally.add(
        page.getLong(OPERATIONS),
        page.getLong(BYTES),
        page.getLong(INTERRUPTED),
        page.getLong(REFUSED));
    Files.deleteIfExists(file);
  }

  private String text(int offset, int length) {
    byte[] bytes = new byte[length];
    page.get(offset, bytes);
    int end = 0;
    while (end < length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, UTF_8);
  }

  /** Where in the kernel a process is, for root. */
  static String kernelStack(long pid) {
    StringBuilder all = new StringBuilder();
    try (var tasks = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
      for (Path task : tasks) {
        all.append(Files.readString(task.resolve("comm")).strip())
            .append(": ")
            .append(Files.readString(task.resolve("wchan")))
            .append('\n')
            .append(Files.readString(task.resolve("stack")));
      }
    } catch (IOException e) {
      all.append(e);
    }
    return all.toString();
  }
}
