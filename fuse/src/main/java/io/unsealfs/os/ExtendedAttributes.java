package io.unsealfs.os;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Extended attributes of what a handle is open on, whatever its kind. Goes through {@code
 * /proc/self/fd}, the one way that takes a handle (O_PATH) on a symbolic link or a FIFO.
 */
public final class ExtendedAttributes {
  /** The kernel's own ceiling for a value and for a list of names, in bytes. */
  private static final int MAX_BYTES = 64 * 1024;

  private static final int ATTEMPTS = 10;

  private interface Call {
    long into(byte[] buffer, long size);
  }

  private ExtendedAttributes() {}

  /** Names with their namespace prefix. */
  public static List<byte[]> names(Descriptor handle) throws SystemCallException {
    int fd = handle.acquire();
    byte[] list;
    try {
      byte[] path = path(fd);
      list = sized("listxattr", (buffer, size) -> Libc.CALLS.listxattr(path, buffer, size));
    } finally {
      handle.release();
    }
    List<byte[]> names = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < list.length; i++) {
      if (list[i] == 0) {
        names.add(Arrays.copyOfRange(list, from, i));
        from = i + 1;
      }
    }
    return names;
  }

  /**
   * The value of one attribute.
   *
   * @throws SystemCallException ENODATA if there is none of that name
   */
  public static byte[] value(Descriptor handle, byte[] name) throws SystemCallException {
    byte[] terminated = Libc.terminated(name);
    int fd = handle.acquire();
    try {
      byte[] path = path(fd);
      return sized(
          "getxattr", (buffer, size) -> Libc.CALLS.getxattr(path, terminated, buffer, size));
    } finally {
      handle.release();
    }
  }

  private static byte[] path(int fd) {
    return Libc.terminated(("/proc/self/fd/" + fd).getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] sized(String name, Call call) throws SystemCallException {
    int errno = ErrorNumber.ERANGE;
    for (int attempt = 0; attempt < ATTEMPTS && errno == ErrorNumber.ERANGE; attempt++) {
      long needed = call.into(new byte[1], 0);
      if (needed == 0) {
        return new byte[0];
      }
      if (needed > MAX_BYTES) {
        throw new SystemCallException(name, ErrorNumber.ERANGE);
      }
      if (needed > 0) {
        byte[] buffer = new byte[(int) needed];
        long length = call.into(buffer, needed);
        if (length >= 0) {
          return Arrays.copyOf(buffer, (int) length);
        }
      }
      errno = Libc.errno();
    }
    throw new SystemCallException(name, errno);
  }
}
