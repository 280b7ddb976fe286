package io.unsealfs.systemd;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A program of the host. Its output goes to a file, which no child left behind keeps waiting. */
final class Tool {
  private Tool() {}

  /** Runs it; fails with all it said unless it ends with 0 in time. */
  static String run(long seconds, String... words) throws IOException, InterruptedException {
    Path out = Files.createTempFile("unsealfs-tool-", ".txt");
    try {
      int status = status(seconds, out, words);
      String said = Files.readString(out);
      if (status != 0) {
        throw new AssertionError(
            words[words.length - 1] + "\nended with " + status + " and said\n" + said);
      }
      return said;
    } finally {
      Files.delete(out);
    }
  }

  /** Runs it and says how it ended. */
  static int status(long seconds, String... words) throws IOException, InterruptedException {
    return status(seconds, Path.of("/dev/null"), words);
  }

  private static int status(long seconds, Path out, String... words)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(words)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      throw new AssertionError(
          String.join(" ", words) + "\ndid not end; it said\n" + Files.readString(out));
    }
    return process.exitValue();
  }
}
