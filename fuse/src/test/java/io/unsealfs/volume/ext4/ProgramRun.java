package io.unsealfs.volume.ext4;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the programs that make and mount images. */
final class ProgramRun {
  private static final int LIMIT_SECONDS = 120;

  private ProgramRun() {}

  /** The program, wherever system programs are; absence skips the test, or fails it with CI. */
  static String needs(String name) {
    for (String folder : List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin")) {
      Path program = Path.of(folder, name);
      if (Files.isExecutable(program)) {
        return program.toString();
      }
    }
    missing(name + " is not installed");
    return name;
  }

  /** Skips the test, or fails it with CI. */
  static void missing(String what) {
    if ("true".equals(System.getenv("CI"))) {
      throw new AssertionError(what);
    }
    assumeTrue(false, what);
  }

  /** Runs a command that has to succeed; returns what it printed. */
  static String run(Path log, String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("hangs: " + String.join(" ", command));
    }
    String printed = new String(Files.readAllBytes(log), StandardCharsets.ISO_8859_1);
    if (process.exitValue() != 0) {
      throw new IOException(String.join(" ", command) + ": " + printed);
    }
    return printed;
  }
}
