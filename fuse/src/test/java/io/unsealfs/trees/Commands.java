package io.unsealfs.trees;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs the system's tools. Output goes through a file: a daemon that a command leaves behind would
 * hold a pipe open for ever.
 */
public final class Commands {
  private static final int LIMIT_SECONDS = 120;

  private Commands() {}

  /**
   * What a command did.
   *
   * @param output standard output and error, one character per byte
   */
  public record Result(int exit, String output) {}

  /** Runs {@code command} to its end. */
  public static Result run(String... command) throws IOException, InterruptedException {
    Path output = Files.createTempFile("command", ".out");
    try {
      ProcessBuilder builder = new ProcessBuilder(List.of(command));
      builder.environment().put("LC_ALL", "C");
      builder.redirectErrorStream(true).redirectOutput(output.toFile());
      builder.redirectInput(Path.of("/dev/null").toFile());
      Process process = builder.start();
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException(command[0] + " did not end");
      }
      return new Result(process.exitValue(), Files.readString(output, StandardCharsets.ISO_8859_1));
    } finally {
      Files.delete(output);
    }
  }

  /** Runs {@code command}, which has to succeed, and returns its output. */
  public static String succeed(String... command) throws IOException, InterruptedException {
    Result result = run(command);
    if (result.exit() != 0) {
      throw new IOException(
          String.join(" ", command) + ": exit " + result.exit() + "\n" + result.output());
    }
    return result.output();
  }

  /** Whether there is a program of that name. */
  public static boolean available(String program) throws IOException, InterruptedException {
    return run("sh", "-c", "command -v " + program).exit() == 0;
  }
}
