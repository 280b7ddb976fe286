package io.unsealfs.os;

import java.io.Closeable;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.Arrays;

/**
 * An open file descriptor of this process. Thread-safe: a close while another thread is in a call
 * lets that call finish and only then gives the number back to the kernel, so that no call ever
 * reaches a descriptor somebody else opened meanwhile. Unlike a {@code FileChannel} an interrupted
 * thread does not close it.
 *
 * <p>Once closed, every call throws {@link SystemCallException} with {@link ErrorNumber#EBADF}.
 */
public final class Descriptor implements Closeable {
  /** Longest target of a symbolic link in bytes, with one to spare. */
  private static final int LINK_TARGET_MAX = 4096;

  private static final byte[] EMPTY_PATH = {0};

  private final int number;
  private final InUse users = new InUse();

  /** Takes over {@code number}. */
  Descriptor(int number) {
    this.number = number;
  }

  /** The result of a call that opens: takes it over, or throws. */
  static Descriptor opened(String call, long result) throws SystemCallException {
    if (result < 0) {
      throw new SystemCallException(call, Libc.errno());
    }
    return new Descriptor((int) result);
  }

  /** The number, valid until {@link #release()}. */
  int acquire() throws SystemCallException {
    if (!users.enter()) {
      throw new SystemCallException("use of a closed descriptor", ErrorNumber.EBADF);
    }
    return number;
  }

  /** Ends what {@link #acquire()} began. */
  void release() {
    if (users.leave()) {
      giveBack();
    }
  }

  /**
   * Reads from {@code offset} until {@code dst} is full or the file ends, and advances {@code dst}.
   *
   * @param dst a direct buffer
   * @return bytes read; fewer than remained in {@code dst} only at the end of the file
   */
  public int read(ByteBuffer dst, long offset) throws SystemCallException {
    if (dst.isReadOnly()) {
      throw new ReadOnlyBufferException();
    }
    if (!dst.isDirect() || offset < 0) {
      throw new IllegalArgumentException(
          "needs a direct buffer and an offset that is not negative");
    }
    int start = dst.position();
    int fd = acquire();
    try {
      while (dst.hasRemaining()) {
        long got = Libc.CALLS.pread(fd, dst, dst.remaining(), offset + (dst.position() - start));
        if (got == 0) {
          break;
        }
        if (got > 0) {
          dst.position(dst.position() + (int) got);
        } else {
          int errno = Libc.errno();
          if (errno != ErrorNumber.EINTR) {
            throw new SystemCallException("pread", errno);
          }
        }
      }
    } finally {
      release();
    }
    return dst.position() - start;
  }

  /** The target of the symbolic link this descriptor was opened on (with {@code PATH} access). */
  public byte[] readLink() throws SystemCallException {
    byte[] target = new byte[LINK_TARGET_MAX + 1];
    int fd = acquire();
    try {
      long length = Libc.CALLS.readlinkat(fd, EMPTY_PATH, target, target.length);
      if (length < 0) {
        throw new SystemCallException("readlink", Libc.errno());
      }
      if (length > LINK_TARGET_MAX) {
        throw new SystemCallException("readlink", ErrorNumber.ENAMETOOLONG);
      }
      return Arrays.copyOf(target, (int) length);
    } finally {
      release();
    }
  }

  /** Closes; idempotent. */
  @Override
  public void close() {
    if (users.close()) {
      giveBack();
    }
  }

  private void giveBack() {
    // Nothing was written through it, so an error of close(2) means nothing; after EINTR the number
    // is free all the same and a second close would hit somebody else's.
    int _ = Libc.CALLS.close(number);
  }
}
