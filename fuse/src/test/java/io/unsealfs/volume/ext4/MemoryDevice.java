package io.unsealfs.volume.ext4;

import io.unsealfs.storage.Source;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** A device in an array, maybe cut off. */
final class MemoryDevice implements Source {
  private final byte[] bytes;
  private final int size;
  final AtomicLong reads = new AtomicLong();
  final List<Long> hints = new ArrayList<>();
  boolean closed;

  MemoryDevice(byte[] bytes) {
    this(bytes, bytes.length);
  }

  MemoryDevice(byte[] bytes, int size) {
    this.bytes = bytes;
    this.size = size;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long offset, ByteBuffer dst) {
    reads.incrementAndGet();
    int length = (int) Math.min(dst.remaining(), Math.max(0, size - offset));
    if (length > 0) {
      dst.put(bytes, (int) offset, length);
    }
    return Math.max(0, length);
  }

  @Override
  public boolean willNeed(long offset, long length) {
    if (length > 0) {
      hints.add(offset);
      hints.add(length);
    }
    return true;
  }

  @Override
  public void close() {
    closed = true;
  }
}
