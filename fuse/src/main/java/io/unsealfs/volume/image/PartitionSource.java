package io.unsealfs.volume.image;

import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongPredicate;

/** The bytes of one partition. Closing it closes the device. */
final class PartitionSource implements Source {
  private final Source device;
  private final long start;
  private final long size;

  PartitionSource(Source device, Partition partition) {
    this.device = device;
    this.start = partition.offset();
    this.size = partition.length();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long offset, ByteBuffer dst) throws IOException {
    if (offset < 0) {
      throw new IllegalArgumentException("negative offset");
    }
    int wanted = (int) Math.min(dst.remaining(), Math.max(0, size - offset));
    if (wanted == 0) {
      return 0;
    }
    int limit = dst.limit();
    try {
      return device.read(start + offset, dst.limit(dst.position() + wanted));
    } finally {
      dst.limit(limit);
    }
  }

  @Override
  public boolean willNeed(long offset, long length) {
    if (length == 0) {
      return device.willNeed(0, 0);
    }
    long inside = inside(offset, length);
    return inside > 0 && device.willNeed(start + offset, inside);
  }

  @Override
  public void doneWith(long offset, long length) {
    long inside = inside(offset, length);
    if (inside > 0) {
      device.doneWith(start + offset, inside);
    }
  }

  @Override
  public boolean preload(long offset, long length, LongPredicate goOn) throws IOException {
    return device.preload(start + offset, length, goOn);
  }

  @Override
  public boolean warm(long offset, long length, LongPredicate goOn) throws IOException {
    return device.warm(start + offset, length, goOn);
  }

  private long inside(long offset, long length) {
    return offset < 0 ? 0 : Math.min(length, size - offset);
  }

  @Override
  public void close() throws IOException {
    device.close();
  }
}
