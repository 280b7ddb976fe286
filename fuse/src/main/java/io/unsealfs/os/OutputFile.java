package io.unsealfs.os;

import java.io.Closeable;
import java.nio.ByteBuffer;

/** A new regular file of ours, open for writing. Positional, so threads may write side by side. */
public final class OutputFile implements Writable, Closeable {
  private final Descriptor descriptor;

  OutputFile(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  @Override
  public Descriptor descriptor() {
    return descriptor;
  }

  /**
   * Writes all that remains in {@code source} at {@code offset} and advances it.
   *
   * @param source a direct buffer
   */
  public void write(ByteBuffer source, long offset) throws SystemCallException {
    if (!source.isDirect() || offset < 0) {
      throw new IllegalArgumentException(
          "needs a direct buffer and an offset that is not negative");
    }
    int start = source.position();
    int fd = descriptor.acquire();
    try {
      while (source.hasRemaining()) {
        long at = Math.addExact(offset, source.position() - start);
        long put = WriteCalls.CALLS.pwrite(fd, source, source.remaining(), at);
        if (put > 0) {
          source.position(source.position() + (int) put);
        } else if (put < 0 && Libc.errno() != ErrorNumber.EINTR) {
          throw new SystemCallException("pwrite", Libc.errno());
        }
      }
    } finally {
      descriptor.release();
    }
  }

  /** Makes the file {@code size} bytes long; what was never written reads as zeros. */
  public void resize(long size) throws SystemCallException {
    int fd = descriptor.acquire();
    try {
      Checked.call("ftruncate", WriteCalls.CALLS.ftruncate(fd, size));
    } finally {
      descriptor.release();
    }
  }

  /** Closes without saying whether the bytes arrived: that is what {@link #sync()} is for. */
  @Override
  public void close() {
    descriptor.close();
  }
}
