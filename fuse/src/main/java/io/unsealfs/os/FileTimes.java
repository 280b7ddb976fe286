package io.unsealfs.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The two timespecs of utimensat(2): leaves the access time as it is, sets the modification. */
final class FileTimes {
  private static final long UTIME_OMIT = (1L << 30) - 2;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final int STRUCT_BYTES = 32;

  private FileTimes() {}

  /**
   * @param modifiedNanos nanoseconds since 1970, negative before
   */
  static byte[] modified(long modifiedNanos) {
    byte[] times = new byte[STRUCT_BYTES];
    ByteBuffer.wrap(times)
        .order(ByteOrder.nativeOrder())
        .putLong(0)
        .putLong(UTIME_OMIT)
        .putLong(Math.floorDiv(modifiedNanos, NANOS_PER_SECOND))
        .putLong(Math.floorMod(modifiedNanos, NANOS_PER_SECOND));
    return times;
  }
}
