package io.unsealfs.verify.collateral;

import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.dcap.Collateral;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Collateral in one file. */
public final class CollateralFile {
  private CollateralFile() {}

  /**
   * Reads a file.
   *
   * @throws VerificationException COLLATERAL_FORMAT if it is no collateral
   * @throws IOException if it cannot be read
   */
  public static Collateral read(Path file) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(Collateral.MAX_BYTES + 1);
    }
    if (bytes.length > Collateral.MAX_BYTES) {
      throw Failure.COLLATERAL_FORMAT.exception(
          "at most " + Collateral.MAX_BYTES + " bytes in " + file.getFileName(), "more");
    }
    return Collateral.read(bytes);
  }

  /**
   * Writes a file so that a reader sees the old one or the new one and nothing between.
   *
   * @throws IOException if it cannot be written
   */
  public static void write(Path file, Collateral collateral) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory == null) {
      throw new IOException("collateral " + file + ": not a file name");
    }
    Files.createDirectories(directory);
    Path fresh = Files.createTempFile(directory, ".collateral-", ".tmp");
    try {
      Files.write(fresh, collateral.toJson());
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }
}
