package io.unsealfs.key.file;

import io.unsealfs.key.KeyProbe;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretMemory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;

/** A regular file that holds a secret. */
final class SecretFile {
  private static final System.Logger LOG = System.getLogger(SecretFile.class.getName());

  private SecretFile() {}

  /** A look at the file without its content. */
  static KeyProbe probe(Path path, String what) throws KeyReferenceException {
    try {
      PosixFileAttributes attributes = regular(path, what);
      if (!Files.isReadable(path)) {
        throw new AccessDeniedException(path.toString());
      }
      if (attributes.size() == 0) {
        throw new KeyReferenceException(what + " is empty: it holds no key");
      }
      if (attributes.size() > SecretReader.MAX_BYTES) {
        throw new KeyReferenceException(
            "%s holds more than %d bytes: too long for a key"
                .formatted(what, SecretReader.MAX_BYTES));
      }
      return new KeyProbe(
          what + " can be read, " + attributes.size() + " bytes",
          attributes.permissions().contains(PosixFilePermission.OTHERS_READ)
              ? List.of(what + " can be read by every user; chmod 600 mends it")
              : List.of());
    } catch (IOException e) {
      throw translated(what, e);
    }
  }

  private static PosixFileAttributes regular(Path path, String what) throws IOException {
    // links are followed: orchestrators mount secrets as links. Opening a FIFO would hang.
    PosixFileAttributes attributes = Files.readAttributes(path, PosixFileAttributes.class);
    if (!attributes.isRegularFile()) {
      throw new KeyReferenceException(
          what + " is not a regular file; for a pipe use fd:N with the descriptor's number");
    }
    return attributes;
  }

  private static KeyReferenceException translated(String what, IOException e) {
    return switch (e) {
      case KeyReferenceException known -> known;
      case NoSuchFileException _ -> new KeyReferenceException(what + " does not exist", e);
      case AccessDeniedException _ ->
          new KeyReferenceException(what + " may not be read by this user", e);
      default -> new KeyReferenceException(what + " cannot be read: " + e.getMessage(), e);
    };
  }

  static Secret read(Path path, String what, SecretMemory memory) throws IOException {
    try {
      PosixFileAttributes attributes = regular(path, what);
      if (attributes.permissions().contains(PosixFilePermission.OTHERS_READ)) {
        LOG.log(
            System.Logger.Level.WARNING, "{0} can be read by every user; chmod 600 mends it", what);
      }
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        return SecretReader.read(channel, what, memory);
      }
    } catch (IOException e) {
      throw translated(what, e);
    }
  }
}
