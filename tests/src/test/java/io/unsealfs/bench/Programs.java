package io.unsealfs.bench;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs the programs of a bench, one at a time, and ends them when the bench is stopped. Output goes
 * to files: a daemon that a program leaves behind would hold a pipe open.
 */
final class Programs {
  private static final long TIMEOUT_SECONDS = 300;

  private final Path directory;
  private final ConcurrentHashMap.KeySetView<Process, Boolean> running =
      ConcurrentHashMap.newKeySet();
  private final AtomicBoolean stopped = new AtomicBoolean();

  Programs(Path directory) {
    this.directory = directory;
  }

  /**
   * What a program printed.
   *
   * @throws IOException if it fails; with the last line of its standard error
   */
  String run(List<String> words) throws IOException {
    if (stopped.get()) {
      throw new InterruptedIOException("the bench was stopped");
    }
    return runAlways(words);
  }

  String run(String... words) throws IOException {
    return run(List.of(words));
  }

  /** Like {@link #run}, for cleaning up after {@link #stop}. */
  String runAlways(List<String> words) throws IOException {
    Path out = Files.createTempFile(directory, "out-", ".txt");
    Path err = Files.createTempFile(directory, "err-", ".txt");
    ProcessBuilder builder = new ProcessBuilder(words);
    // what the user's shell sets must not change what is measured
    builder.environment().keySet().removeIf(name -> name.startsWith("UNSEALFS_"));
    builder.directory(directory.toFile());
    builder.redirectInput(Path.of("/dev/null").toFile());
    builder.redirectOutput(out.toFile());
    builder.redirectError(err.toFile());
    Process process = builder.start();
    running.add(process);
    try {
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(words.getFirst() + ": did not end; stopped it");
      }
      if (process.exitValue() != 0) {
        throw new IOException(
            Path.of(words.getFirst()).getFileName()
                + ": exit status "
                + process.exitValue()
                + ": "
                + lastLine(Files.readString(err)));
      }
      return Files.readString(out).strip();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the bench was interrupted");
    } finally {
      running.remove(process);
      end(process);
      Files.deleteIfExists(out);
      Files.deleteIfExists(err);
    }
  }

  /** Ends what runs, and lets nothing start any more. */
  void stop() {
    stopped.set(true);
    running.forEach(Programs::end);
  }

  private static void end(Process process) {
    if (process.isAlive()) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private static String lastLine(String text) {
    String stripped = text.strip();
    return stripped.isEmpty()
        ? "it said nothing"
        : stripped.substring(stripped.lastIndexOf('\n') + 1);
  }
}
