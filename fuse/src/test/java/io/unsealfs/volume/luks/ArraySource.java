package io.unsealfs.volume.luks;

import io.unsealfs.storage.Source;
import java.nio.ByteBuffer;

/** An image in memory, and what was read of it. */
final class ArraySource implements Source {
  private final byte[] bytes;
  private final byte[] readCounts;
  boolean closed;

  ArraySource(byte[] bytes) {
    this.bytes = bytes;
    this.readCounts = new byte[bytes.length];
  }

  /** Most often that a byte before {@code end} was read. */
  int mostReads(int end) {
    int most = 0;
    for (int i = 0; i < end; i++) {
      most = Math.max(most, readCounts[i]);
    }
    return most;
  }

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public int read(long offset, ByteBuffer dst) {
    int length = (int) Math.max(0, Math.min(dst.remaining(), bytes.length - offset));
    if (length > 0) {
      dst.put(bytes, (int) offset, length);
      for (int i = 0; i < length; i++) {
        readCounts[(int) offset + i]++;
      }
    }
    return length;
  }

  @Override
  public void close() {
    closed = true;
  }
}
