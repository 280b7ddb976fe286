package io.unsealfs.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;

/**
 * Time since the machine was started, time it was suspended included (CLOCK_BOOTTIME). Nobody can
 * set it, unlike the wall clock; {@link System#nanoTime} stands still during suspension.
 */
public final class BootClock {
  private static final int CLOCK_BOOTTIME = 7;

  private BootClock() {}

  /** Nanoseconds since the start of the machine; only differences mean anything. */
  public static long nanos() {
    byte[] timespec = new byte[2 * Long.BYTES];
    if (ClockCalls.CALLS.clock_gettime(CLOCK_BOOTTIME, timespec) != 0) {
      throw new IllegalStateException("this kernel has no CLOCK_BOOTTIME, which came with 2.6.39");
    }
    ByteBuffer time = ByteBuffer.wrap(timespec).order(ByteOrder.nativeOrder());
    return TimeUnit.SECONDS.toNanos(time.getLong()) + time.getLong();
  }
}
