package io.unsealfs.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Files with test secrets. */
final class Secrets {
  private Secrets() {}

  /** Writes {@code secret} to a file that only its owner can read. */
  static Path file(Path folder, String secret) throws IOException {
    Path file =
        Files.createTempFile(
            folder,
            "key-",
            "",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, secret);
    return file;
  }

  /** A {@code --key} that names such a file. */
  static String reference(Path folder, String secret) throws IOException {
    return "file:" + file(folder, secret);
  }
}
