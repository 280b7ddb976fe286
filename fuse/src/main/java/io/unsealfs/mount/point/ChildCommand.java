package io.unsealfs.mount.point;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A short-lived child process with a time limit: what may hang on a mount point hangs there, not in
 * this process.
 */
final class ChildCommand {
  private static final int OUTPUT_LIMIT_BYTES = 4096;

  private ChildCommand() {}

  /**
   * How it ended.
   *
   * @param exitCode of the child
   * @param output beginning of standard output and error
   */
  record Result(int exitCode, String output) {}

  /** Runs a program in the C locale; empty when it did not end in time. */
  static Optional<Result> run(Duration limit, List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(command));
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().remove("LANGUAGE");
    builder.redirectErrorStream(true);
    builder.redirectInput(new File("/dev/null"));
    Process process = builder.start();
    try {
      if (!process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        process.destroyForcibly();
        return Optional.empty();
      }
      try (InputStream out = process.getInputStream()) {
        byte[] head = out.readNBytes(OUTPUT_LIMIT_BYTES);
        return Optional.of(
            new Result(process.exitValue(), new String(head, StandardCharsets.UTF_8).strip()));
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + command.getFirst(), e);
    }
  }
}
