package io.unsealfs.storage.chunk;

/**
 * How much a {@link DiskCache} may hold.
 *
 * @param bytesMost of segments
 * @param freeShareLeast share of the file system that stays free, 0 to 1
 */
public record DiskLimits(long bytesMost, double freeShareLeast) {
  /** 10 GiB, and 5 % of the file system left free. */
  public static final DiskLimits DEFAULT = new DiskLimits(10L << 30, 0.05);

  /** Checks the bounds. */
  public DiskLimits {
    if (bytesMost <= 0) {
      throw new IllegalArgumentException("a chunk cache of no size");
    }
    if (!(freeShareLeast >= 0 && freeShareLeast < 1)) {
      throw new IllegalArgumentException("the free share is not between 0 and 1");
    }
  }
}
