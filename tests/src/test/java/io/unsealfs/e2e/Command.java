package io.unsealfs.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program run as a child process. Output goes to files, never through a pipe that a daemon left
 * behind could keep open; standard input is empty unless a file is given. Whoever does not end in
 * time is killed, with its children.
 */
final class Command {
  private static final long TIMEOUT_SECONDS = 150;

  private final Path scratch;
  private final List<String> words;
  private final Map<String, String> environment = new HashMap<>();
  private Path input = Path.of("/dev/null");
  private Path directory;

  Command(Path scratch, String... words) {
    this.scratch = scratch;
    this.directory = scratch;
    this.words = new ArrayList<>(List.of(words));
  }

  /** {@code unsealfs} from the checkout, started as a user would. */
  static Command unsealfs(Path scratch, String... words) {
    Needs.programs("bash");
    return new Command(scratch, Launcher.built().toString()).with(words);
  }

  /** The launcher, after the start that builds what is older than its sources and says so. */
  private static final class Launcher {
    private static final long BUILD_MINUTES = 10;
    private static final Path PATH = Needs.checkout().resolve("daemon/bin/unsealfs");
    private static boolean started; // guarded by the class

    private Launcher() {}

    static synchronized Path built() {
      if (!started) {
        started = true;
        start();
      }
      return PATH;
    }

    /** What goes wrong here goes wrong again in the test, which tells it. */
    private static void start() {
      try {
        Process process =
            new ProcessBuilder(PATH.toString(), "--version")
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        boolean _ = process.waitFor(BUILD_MINUTES, TimeUnit.MINUTES);
        kill(process);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  Command with(String... more) {
    words.addAll(List.of(more));
    return this;
  }

  Command environment(String name, String value) {
    environment.put(name, value);
    return this;
  }

  Command input(Path file) {
    input = file;
    return this;
  }

  Command in(Path workingDirectory) {
    directory = workingDirectory;
    return this;
  }

  /** Runs to the end. */
  Outcome run() throws IOException, InterruptedException {
    Path out = Files.createTempFile(scratch, "out-", ".txt");
    Path err = Files.createTempFile(scratch, "err-", ".txt");
    Process process = builder().redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError(
            this + " did not end; it said\n" + Files.readString(out) + Files.readString(err));
      }
      return new Outcome(toString(), process.exitValue(), read(out), read(err));
    } finally {
      kill(process);
      Files.delete(out);
      Files.delete(err);
    }
  }

  /** Starts it and reads its standard error while it runs. */
  Running start() throws IOException {
    Path out = Files.createTempFile(scratch, "out-", ".txt");
    return new Running(toString(), builder().redirectOutput(out.toFile()).start(), out);
  }

  private ProcessBuilder builder() {
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.directory(directory.toFile());
    builder.redirectInput(input.toFile());
    // what the developer's shell sets must not change what is tested
    builder.environment().keySet().removeIf(name -> name.startsWith("UNSEALFS_"));
    builder.environment().putAll(environment);
    return builder;
  }

  private static String read(Path file) throws IOException {
    return new String(Files.readAllBytes(file), UTF_8);
  }

  static void kill(Process process) {
    if (process.isAlive()) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @Override
  public String toString() {
    return String.join(" ", words);
  }
}
