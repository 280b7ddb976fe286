package io.unsealfs.storage.local;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;

/** Where a new tree may be written, decided on paths before anything is made. */
public final class TargetPaths {
  private static final int NAME_MAX = 255;
  private static final int RANDOM_BYTES = 8;

  private TargetPaths() {}

  /**
   * Refuses a target inside the source, which would be read while it grows, and a source inside the
   * target.
   *
   * @param source an existing directory
   * @param target need not exist, its parent must
   * @throws FileSystemException if one lies inside the other or they are the same
   */
  public static void requireApart(Path source, Path target) throws IOException {
    Path realSource = source.toRealPath();
    Path realTarget =
        Files.exists(target)
            ? target.toRealPath()
            : parent(target).toRealPath().resolve(lastName(target));
    if (realTarget.startsWith(realSource) || realSource.startsWith(realTarget)) {
      throw new FileSystemException(
          target.toString(),
          source.toString(),
          "source and target lie inside each other; choose a target elsewhere");
    }
  }

  /** The directory that holds {@code target}. */
  static Path parent(Path target) throws FileSystemException {
    Path absolute = target.toAbsolutePath();
    Path parent = absolute.getParent();
    if (parent == null) {
      throw new FileSystemException(target.toString(), null, "cannot be a target");
    }
    return parent;
  }

  /** The last name of {@code target}. */
  static Path lastName(Path target) throws FileSystemException {
    Path name = target.toAbsolutePath().getFileName();
    if (name == null || name.toString().equals(".") || name.toString().equals("..")) {
      throw new FileSystemException(
          target.toString(), null, "does not end in the name of a new directory");
    }
    return name;
  }

  /** The bytes the kernel knows {@code path} by, in the charset the JDK itself uses for them. */
  static byte[] bytes(Path path) {
    String charset = System.getProperty("sun.jnu.encoding", StandardCharsets.UTF_8.name());
    return path.toString().getBytes(Charset.forName(charset));
  }

  /** {@code .<name>.tmp-<random>}, for what is not yet whole. */
  static byte[] temporaryName(byte[] targetName) {
    byte[] random = new byte[RANDOM_BYTES];
    new SecureRandom().nextBytes(random);
    byte[] ending =
        (".tmp-" + HexFormat.of().formatHex(random)).getBytes(StandardCharsets.US_ASCII);
    int kept = Math.min(targetName.length, NAME_MAX - 1 - ending.length);
    byte[] name = new byte[1 + kept + ending.length];
    name[0] = '.';
    System.arraycopy(targetName, 0, name, 1, kept);
    System.arraycopy(ending, 0, name, 1 + kept, ending.length);
    return name;
  }
}
