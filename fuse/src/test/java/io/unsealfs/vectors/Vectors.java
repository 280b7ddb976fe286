package io.unsealfs.vectors;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/**
 * The folder of shared vectors, named by the system property {@code unsealfs.vectors}. Where it is
 * absent a test is skipped by name, except in continuous integration, where absence is a failure.
 */
public final class Vectors {
  private Vectors() {}

  /** A file or folder of the vectors. */
  public static Path path(String relative) {
    Path path = Path.of(System.getProperty("unsealfs.vectors", "no-vectors")).resolve(relative);
    if (!Files.exists(path)) {
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError("test vectors missing: " + path);
      }
      assumeTrue(false, "test vectors missing: " + path);
    }
    return path;
  }

  /** A JSON file of the vectors, unpacked if its name ends {@code .gz}. */
  public static Json json(String relative) {
    try (InputStream file = Files.newInputStream(path(relative))) {
      return Json.parse(relative.endsWith(".gz") ? new GZIPInputStream(file) : file);
    } catch (IOException e) {
      throw new AssertionError("cannot read " + relative, e);
    }
  }
}
