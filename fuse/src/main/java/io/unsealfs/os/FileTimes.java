package io.unsealfs.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The two timespecs of utimensat(2): leaves the access time as it is, sets the modification. */
final class FileTimes {
  private static final long UTIME_OMIT = (1L << 30) - 2;
  private static final int STRUCT_BYTES = 32;

  private FileTimes() {}

  /**
   * @param seconds since 1970, negative before
   * @param nanos past that second
   */
  static byte[] modified(long seconds, int nanos) {
    byte[] times = new byte[STRUCT_BYTES];
    ByteBuffer.wrap(times)
        .order(ByteOrder.nativeOrder())
        .putLong(0)
        .putLong(UTIME_OMIT)
        .putLong(seconds)
        .putLong(nanos);
    return times;
  }
}
