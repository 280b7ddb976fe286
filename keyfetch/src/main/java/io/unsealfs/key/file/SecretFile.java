package io.unsealfs.key.file;

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

/** A regular file that holds a secret. */
final class SecretFile {
  private static final System.Logger LOG = System.getLogger(SecretFile.class.getName());

  private SecretFile() {}

  static Secret read(Path path, String what, SecretMemory memory) throws IOException {
    try {
      // links are followed: orchestrators mount secrets as links. Opening a FIFO would hang.
      PosixFileAttributes attributes = Files.readAttributes(path, PosixFileAttributes.class);
      if (!attributes.isRegularFile()) {
        throw new KeyReferenceException(
            what + " is not a regular file; for a pipe use fd:N with the descriptor's number");
      }
      if (attributes.permissions().contains(PosixFilePermission.OTHERS_READ)) {
        LOG.log(
            System.Logger.Level.WARNING, "{0} can be read by every user; chmod 600 mends it", what);
      }
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        return SecretReader.read(channel, what, memory);
      }
    } catch (NoSuchFileException e) {
      throw new KeyReferenceException(what + " does not exist", e);
    } catch (AccessDeniedException e) {
      throw new KeyReferenceException(what + " may not be read by this user", e);
    } catch (KeyReferenceException e) {
      throw e;
    } catch (IOException e) {
      throw new KeyReferenceException(what + " cannot be read: " + e.getMessage(), e);
    }
  }
}
