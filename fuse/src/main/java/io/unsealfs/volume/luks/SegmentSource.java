package io.unsealfs.volume.luks;

import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongPredicate;

/** The encrypted data as a source of their own: what lies before and behind is cut off. */
final class SegmentSource implements Source {
  private final Source device;
  private final long offset;
  private final long size;

  /** A part that lies within {@code device}; takes it over. */
  SegmentSource(Source device, long offset, long size) {
    this.device = device;
    this.offset = offset;
    this.size = size;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long at, ByteBuffer dst) throws IOException {
    if (at < 0) {
      throw new IllegalArgumentException("negative offset " + at);
    }
    long left = Math.max(0, size - at);
    if (left >= dst.remaining()) {
      return device.read(offset + at, dst);
    }
    int limit = dst.limit();
    try {
      return left == 0 ? 0 : device.read(offset + at, dst.limit(dst.position() + (int) left));
    } finally {
      dst.limit(limit);
    }
  }

  @Override
  public boolean willNeed(long at, long length) {
    return device.willNeed(offset + at, length);
  }

  @Override
  public void doneWith(long at, long length) {
    device.doneWith(offset + at, length);
  }

  @Override
  public boolean warm(long at, long length, LongPredicate goOn) throws IOException {
    return device.warm(offset + at, length, goOn);
  }

  @Override
  public void close() throws IOException {
    device.close();
  }
}
