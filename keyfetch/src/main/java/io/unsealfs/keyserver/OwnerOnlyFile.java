package io.unsealfs.keyserver;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Reads small files, secret ones only if nobody but the server can read them.
 *
 * <p>Links are followed (mounted secrets of containers are links), and what they point at is
 * judged. Only regular files are opened: a FIFO would block the server.
 */
final class OwnerOnlyFile {
  private static final int PERMISSION_BITS = 07777;
  private static final int GROUP_AND_OTHERS = 077;

  private OwnerOnlyFile() {}

  /**
   * The bytes of a secret file; the caller wipes them.
   *
   * @param what what the file is, for messages
   * @throws KeyServerConfigException if it is missing, too large, not a regular file, or open to
   *     anybody but this user and root
   */
  static byte[] readSecret(Path file, String what, int maxBytes) throws KeyServerConfigException {
    try {
      Path real = regularFile(file, what);
      int mode = (Integer) Files.getAttribute(real, "unix:mode", LinkOption.NOFOLLOW_LINKS);
      int owner = (Integer) Files.getAttribute(real, "unix:uid", LinkOption.NOFOLLOW_LINKS);
      if ((mode & GROUP_AND_OTHERS) != 0) {
        throw new KeyServerConfigException(
            what
                + " "
                + file
                + ": mode %04o lets others at it; run chmod 600 on it"
                    .formatted(mode & PERMISSION_BITS));
      }
      int self = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
      if (owner != self && owner != 0) {
        throw new KeyServerConfigException(
            "%s %s: owned by uid %d, who can read it; it must belong to uid %d, which runs the server, or root"
                .formatted(what, file, owner, self));
      }
      return readBounded(real, file, what, maxBytes);
    } catch (KeyServerConfigException e) {
      throw e;
    } catch (IOException e) {
      throw unreadable(file, what, e);
    }
  }

  /**
   * The bytes of a file that is not secret.
   *
   * @throws KeyServerConfigException if it is missing, too large or not a regular file
   */
  static byte[] readPublic(Path file, String what, int maxBytes) throws KeyServerConfigException {
    try {
      return readBounded(regularFile(file, what), file, what, maxBytes);
    } catch (KeyServerConfigException e) {
      throw e;
    } catch (IOException e) {
      throw unreadable(file, what, e);
    }
  }

  private static Path regularFile(Path file, String what) throws IOException {
    Path real = file.toRealPath();
    if (!Files.isRegularFile(real, LinkOption.NOFOLLOW_LINKS)) {
      throw new KeyServerConfigException(what + " " + file + ": not a regular file");
    }
    return real;
  }

  private static byte[] readBounded(Path real, Path file, String what, int maxBytes)
      throws IOException {
    byte[] buffer = new byte[maxBytes + 1];
    try (InputStream in = Files.newInputStream(real, LinkOption.NOFOLLOW_LINKS)) {
      int length = in.readNBytes(buffer, 0, buffer.length);
      if (length > maxBytes) {
        throw new KeyServerConfigException(
            "%s %s: larger than the %d bytes allowed".formatted(what, file, maxBytes));
      }
      return Arrays.copyOf(buffer, length);
    } finally {
      Arrays.fill(buffer, (byte) 0);
    }
  }

  private static KeyServerConfigException unreadable(Path file, String what, IOException e) {
    String why =
        e instanceof NoSuchFileException
            ? "no such file"
            : e instanceof java.nio.file.AccessDeniedException
                ? "permission denied"
                : "cannot be read (" + e.getClass().getSimpleName() + ")";
    return new KeyServerConfigException(what + " " + file + ": " + why, e);
  }
}
