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

  /** Most bytes of one call that holds an array in its place. */
  private static final int HEAP_MOST = 1 << 20;

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

  /** What {@link #advise} tells the kernel; values of fcntl.h. */
  public enum Advice {
    /** The range is about to be read: start bringing it into memory. */
    WILL_NEED(3),
    /** Nobody is going to read the range again: its clean pages may leave memory. */
    DO_NOT_NEED(4);

    private final int value;

    Advice(int value) {
      this.value = value;
    }
  }

  /**
   * Reads from {@code offset} until {@code dst} is full or the file ends, and advances {@code dst}.
   * The kernel writes straight into the memory behind {@code dst}, heap array or not.
   *
   * @return bytes read; fewer than remained in {@code dst} only at the end of the file
   */
  public int read(ByteBuffer dst, long offset) throws SystemCallException {
    if (dst.isReadOnly()) {
      throw new ReadOnlyBufferException();
    }
    if (offset < 0) {
      throw new IllegalArgumentException("negative offset");
    }
    int start = dst.position();
    int fd = acquire();
    try {
      while (dst.hasRemaining()) {
        long at = offset + (dst.position() - start);
        long got =
            dst.isDirect()
                ? Libc.CALLS.pread(fd, dst, dst.remaining(), at)
                : Libc.HEAP_CALLS.pread(fd, dst, Math.min(dst.remaining(), HEAP_MOST), at);
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

  /**
   * Tells the kernel how a range of a regular file will be used, in bytes; 0 bytes reach to the end
   * of the file. Only whole pages are dropped.
   */
  public void advise(long offset, long length, Advice advice) throws SystemCallException {
    int fd = acquire();
    try {
      int problem = Libc.CALLS.posix_fadvise(fd, offset, length, advice.value);
      if (problem != 0) {
        throw new SystemCallException("posix_fadvise", problem);
      }
    } finally {
      release();
    }
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
