package io.unsealfs.storage.chunk;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** A process of its own that writes segments until it is killed. */
public final class CacheWriter {
  static final int SEGMENTS = 16;

  private CacheWriter() {}

  /** Argument: the cache's directory. */
  public static void main(String[] args) throws Exception {
    try (DiskCache cache =
        DiskCache.open(
            Path.of(args[0]),
            new DiskLimits(1L << 30, 0),
            Optional.empty(),
            line -> System.err.println(line))) {
      Random order = new Random();
      System.out.println("writing");
      while (cache.isOn()) {
        int segment = order.nextInt(SEGMENTS);
        cache.write(DiskCacheTest.id(segment), List.of(ByteBuffer.wrap(payload(segment))));
      }
    }
  }

  /** What belongs into a segment. */
  static byte[] payload(int segment) {
    return FakeStore.bytes(DiskCacheTest.id(segment).payloadLength(), segment);
  }
}
