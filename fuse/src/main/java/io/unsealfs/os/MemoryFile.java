package io.unsealfs.os;

import java.io.Closeable;
import java.nio.ByteBuffer;

/** A file of {@link HiddenMemory}. Thread-safe and positional. */
public final class MemoryFile implements Closeable {
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
    if (length < 0 || length > plaintext.length || offset < 0) {
      throw new IllegalArgumentException("outside of the array or of the file");
    }
    int fd = descriptor.acquire();
    try {
      long put = HiddenMemoryCalls.CALLS.pwrite(fd, plaintext, length, offset);
      if (put != length) {
        // tmpfs writes whole requests or has no room; a signal cannot come in between
        throw new SystemCallException("pwrite", put < 0 ? Libc.errno() : ErrorNumber.ENOSPC);
      }
    } finally {
      descriptor.release();
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
