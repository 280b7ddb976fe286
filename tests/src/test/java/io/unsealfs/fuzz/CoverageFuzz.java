package io.unsealfs.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The same targets under Jazzer, which keeps the inputs that reach code no input has reached
 * before. {@code tests/fuzz} starts it; the target's name is in the system property {@value
 * #PROPERTY}. What counts as a finding is {@link Fuzzer}'s to say.
 */
public final class CoverageFuzz {
  static final String PROPERTY = "unsealfs.fuzz.target";

  private static @Nullable Fuzzer fuzzer;

  private CoverageFuzz() {}

  /** Jazzer's first call. */
  public static void fuzzerInitialize() throws Exception {
    fuzzer = new Fuzzer(FuzzTargets.named(System.getProperty(PROPERTY, "")), 0, false);
    fuzzer.warmUp();
  }

  /** Jazzer's call for each input; whatever it throws is a finding. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (fuzzer == null) {
      throw new IllegalStateException("fed before it was initialised");
    }
    fuzzer.feed(0, input);
  }

  /** Writes what a target starts from: {@code TARGET DIRECTORY}. Lists the targets without. */
  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 2) {
      FuzzTargets.names().forEach(System.out::println);
      return;
    }
    try (FuzzTarget target = FuzzTargets.named(arguments[0])) {
      Path directory = Path.of(arguments[1]);
      int number = 0;
      for (byte[] valid : target.corpus()) {
        Files.write(directory.resolve("valid-" + number++), valid);
      }
      StringBuilder words = new StringBuilder();
      for (byte[] word : target.words()) {
        words.append(quoted(word));
      }
      Files.writeString(Path.of(directory + ".dict"), words);
    } catch (IOException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  /** One line of a dictionary: every byte escaped. */
  private static String quoted(byte[] word) {
    StringBuilder line = new StringBuilder("\"");
    for (byte one : word) {
      line.append("\\x%02x".formatted(one));
    }
    return word.length == 0 ? "" : line.append("\"\n").toString();
  }
}
