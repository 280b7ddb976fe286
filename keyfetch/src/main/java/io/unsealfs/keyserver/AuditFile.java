package io.unsealfs.keyserver;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An audit file, opened for appending and locked, so that two servers do not write two chains into
 * it.
 *
 * @param channel appends
 * @param tail what was there when it was opened
 * @param identity which file it is, whatever it is called by now
 */
record AuditFile(FileChannel channel, AuditTail tail, Object identity) {

  /**
   * Opens or makes it.
   *
   * @throws KeyServerConfigException if it cannot be opened, is somebody else's or is in use
   */
  static AuditFile open(Path path) throws KeyServerConfigException {
    FileChannel channel = null;
    try {
      if (Files.exists(path) && !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
        throw new KeyServerConfigException("audit log " + path + ": not a regular file");
      }
      channel =
          FileChannel.open(
              path,
              Set.of(
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE,
                  StandardOpenOption.APPEND,
                  LinkOption.NOFOLLOW_LINKS),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      AuditTail tail = channel.size() == 0 ? AuditTail.nothing() : AuditTail.of(path);
      // after the look: closing any descriptor of a file gives up the process's locks on it
      if (channel.tryLock() == null || channel.size() != tail.fileSizeBytes()) {
        throw inUse(path, null);
      }
      return new AuditFile(channel, tail, identity(path));
    } catch (OverlappingFileLockException e) {
      closeAfter(channel, e);
      throw inUse(path, e);
    } catch (KeyServerConfigException e) {
      closeAfter(channel, e);
      throw e;
    } catch (IOException e) {
      closeAfter(channel, e);
      throw new KeyServerConfigException(
          "audit log " + path + ": cannot be opened for appending; see that its directory exists",
          e);
    }
  }

  /** Whether {@code path} still leads to this file. */
  boolean isStillAt(Path path) {
    try {
      return identity(path).equals(identity);
    } catch (IOException e) {
      return false;
    }
  }

  private static Object identity(Path path) throws IOException {
    return Objects.requireNonNull(
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).fileKey());
  }

  private static void closeAfter(@Nullable FileChannel channel, Exception e) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException closing) {
        e.addSuppressed(closing);
      }
    }
  }

  private static KeyServerConfigException inUse(Path path, @Nullable Throwable cause) {
    String message = "audit log " + path + ": another server writes to it";
    return cause == null
        ? new KeyServerConfigException(message)
        : new KeyServerConfigException(message, cause);
  }
}
