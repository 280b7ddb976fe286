package io.unsealfs.mount;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A program that used a mount: never this JVM, which would wait for itself. Output goes through a
 * file, so that no pipe fills.
 */
public final class Child {
  private final int exitCode;
  private final byte[] out;
  private final String err;

  private Child(int exitCode, byte[] out, String err) {
    this.exitCode = exitCode;
    this.out = out;
    this.err = err;
  }

  /** Exit status. */
  public int exitCode() {
    return exitCode;
  }

  /** Standard output. */
  public byte[] out() {
    return out;
  }

  /** Standard error, one character per byte. */
  public String err() {
    return err;
  }

  /** Runs a shell script with {@code $0} and {@code $@} set; fails after a minute. */
  public static Child shell(Path directory, String script, Object... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("timeout", "-k", "2", "60", "bash", "-c"));
    command.add(script);
    command.add("sh");
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return run(directory, command);
  }

  static Child run(Path directory, List<String> command) throws IOException, InterruptedException {
    Path out = Files.createTempFile("child", ".out");
    Path err = Files.createTempFile("child", ".err");
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.directory(new File("/"));
      builder.environment().put("LC_ALL", "C.UTF-8");
      builder.environment().put("M", directory.toString());
      builder.redirectInput(new File("/dev/null"));
      builder.redirectOutput(out.toFile()).redirectError(err.toFile());
      Process process = builder.start();
      if (!process.waitFor(90, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException("child hangs: " + command);
      }
      return new Child(
          process.exitValue(),
          Files.readAllBytes(out),
          Files.readString(err, StandardCharsets.ISO_8859_1));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  /** Standard output as text. */
  public String text() {
    return new String(out, StandardCharsets.UTF_8).strip();
  }
}
