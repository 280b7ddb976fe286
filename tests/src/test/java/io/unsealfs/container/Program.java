package io.unsealfs.container;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A program whose output goes to a file, so that nothing waits for a pipe that a child keeps. */
final class Program implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 60;

  private final List<String> words;
  private final Process process;
  private final Path output;

  private Program(List<String> words, Process process, Path output) {
    this.words = words;
    this.process = process;
    this.output = output;
  }

  /** Starts it in {@code directory}. */
  static Program start(Path directory, List<String> words) throws IOException {
    Path output = Files.createTempFile(directory, "said-", ".txt");
    ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(words));
    builder.directory(directory.toFile());
    builder.redirectInput(Path.of("/dev/null").toFile());
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("UNSEALFS_"));
    return new Program(words, builder.start(), output);
  }

  /** Runs it to its end, which must be good; gives what it said. */
  static String run(Path directory, long seconds, String... words)
      throws IOException, InterruptedException {
    try (Program program = start(directory, List.of(words))) {
      assertEquals(0, program.await(seconds), program::toString);
      return program.said();
    }
  }

  /** Its exit status. */
  int await(long seconds) throws InterruptedException {
    if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
      throw new AssertionError("not within " + seconds + " s: " + this);
    }
    return process.exitValue();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  String said() throws IOException {
    return new String(Files.readAllBytes(output), UTF_8);
  }

  /** Waits until it says {@code text}. */
  void awaitText(String text) throws InterruptedException {
    awaitThat(
        "'" + text + "' from " + this,
        () -> {
          try {
            if (said().contains(text)) {
              return true;
            }
            if (!process.isAlive() && !said().contains(text)) {
              throw new AssertionError("no '" + text + "' from " + this);
            }
            return false;
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }

  /** Waits for something that other processes do and nobody announces. */
  static void awaitThat(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within " + PATIENCE_SECONDS + " s: " + what);
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @Override
  public String toString() {
    try {
      return String.join(" ", words) + "\n" + said();
    } catch (IOException e) {
      return String.join(" ", words);
    }
  }
}
