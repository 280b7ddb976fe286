package io.unsealfs.os;

import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/** A file of {@link HiddenMemory}. Thread-safe and positional. */
public final class MemoryFile implements Closeable {
  private static final int F_SETLEASE = 1024;
  private static final int F_WRLCK = 1;
  private static final int F_UNLCK = 2;

  private final Descriptor descriptor;

  MemoryFile(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * Writes the first bytes of an array.
   *
   * @throws SystemCallException ENOSPC where memory is not to be had
   */
  public void write(byte[] plaintext, int length, long offset) throws SystemCallException {
    write(plaintext, length, offset, () -> true);
  }

  /**
   * Writes what may be unwanted meanwhile. In that case it is overwritten with zeros again, in the
   * array as well, also if the file was cut or closed in between: its memory is freed after that.
   *
   * @param wanted asked once, after the write; must be false already when whoever does not want it
   *     any more begins to wipe or to free the file
   * @throws SystemCallException ENOSPC where memory is not to be had
   */
  public void write(byte[] plaintext, int length, long offset, BooleanSupplier wanted)
      throws SystemCallException {
    if (length < 0 || length > plaintext.length || offset < 0) {
      throw new IllegalArgumentException("outside of the array or of the file");
    }
    int fd = descriptor.acquire();
    try {
      put(fd, plaintext, length, offset);
    } finally {
      try {
        if (!wanted.getAsBoolean()) {
          Arrays.fill(plaintext, 0, length, (byte) 0);
          // for what there is no memory there is nothing to overwrite either
          long _ = HiddenMemoryCalls.CALLS.pwrite(fd, plaintext, length, offset);
        }
      } finally {
        descriptor.release();
      }
    }
  }

  private static void put(int fd, byte[] plaintext, int length, long offset)
      throws SystemCallException {
    long put = HiddenMemoryCalls.CALLS.pwrite(fd, plaintext, length, offset);
    if (put != length) {
      // tmpfs writes whole requests or has no room; a signal cannot come in between
      throw new SystemCallException("pwrite", put < 0 ? Libc.errno() : ErrorNumber.ENOSPC);
    }
  }

  /** As {@link Descriptor#read}. */
  public int read(ByteBuffer plaintext, long offset) throws SystemCallException {
    return descriptor.read(plaintext, offset);
  }

  /**
   * Cuts or stretches it. What is cut off is gone at once also for those who have it mapped: they
   * get SIGBUS; those who read get the end of the file.
   */
  public void resize(long bytes) throws SystemCallException {
    int fd = descriptor.acquire();
    try {
      Checked.call("ftruncate", WriteCalls.CALLS.ftruncate(fd, bytes));
    } finally {
      descriptor.release();
    }
  }

  /**
   * Whether somebody else has it open or mapped: the kernel on behalf of those it reads for, whose
   * mappings outlive what they had open. Asked by taking a lease, which the kernel refuses while
   * there is any other user; true where that cannot be told.
   */
  public boolean isUsedByOthers() {
    try {
      int fd = descriptor.acquire();
      try {
        boolean alone = Libc.CALLS.fcntl(fd, F_SETLEASE, F_WRLCK) == 0;
        if (alone) {
          int _ = Libc.CALLS.fcntl(fd, F_SETLEASE, F_UNLCK);
        }
        return !alone;
      } finally {
        descriptor.release();
      }
    } catch (SystemCallException e) {
      return false; // closed
    }
  }

  int acquire() throws SystemCallException {
    return descriptor.acquire();
  }

  void release() {
    descriptor.release();
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
