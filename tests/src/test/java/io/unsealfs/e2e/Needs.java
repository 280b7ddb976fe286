package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What a test needs from the machine. Where it is missing the test is skipped by name, except in
 * continuous integration, where that is a failure.
 */
public final class Needs {
  private Needs() {}

  /** A FUSE device that can be opened, and the right to mount. */
  public static void fuse() {
    require(Files.isReadable(Path.of("/dev/fuse")), "/dev/fuse, and the right to open it");
  }

  /** Programs on the PATH. */
  public static void programs(String... names) {
    for (String name : names) {
      require(
          Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
              .anyMatch(folder -> Files.isExecutable(Path.of(folder, name))),
          "the program " + name);
    }
  }

  /** The super-user: owners, mount namespaces. */
  public static void root() {
    require("root".equals(System.getProperty("user.name")), "root");
  }

  /** The folder of shared vectors. */
  static Path vectors(String relative) {
    Path path = Path.of(System.getProperty("unsealfs.vectors", "no-vectors")).resolve(relative);
    require(Files.exists(path), "the shared vectors " + path);
    return path;
  }

  /** The checkout. */
  public static Path checkout() {
    return Path.of(System.getProperty("unsealfs.root", ".")).toAbsolutePath().normalize();
  }

  /** Something else. */
  public static void require(boolean present, String what) {
    if (!present && isContinuousIntegration()) {
      throw new AssertionError("this machine lacks " + what);
    }
    assumeTrue(present, "this machine lacks " + what);
  }

  /** Whether everything has to be there. */
  public static boolean isContinuousIntegration() {
    return "true".equals(System.getenv("CI"));
  }
}
