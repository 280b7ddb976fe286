package io.unsealfs.storage.chunk;

import java.time.Duration;
import java.util.Arrays;

/** How long the last requests took until their first byte. Thread-safe. */
final class Latencies {
  private static final int SAMPLES = 128;
  private static final int RECOMPUTED_EVERY = 16;
  private static final int SLOW_FACTOR = 3;

  private final long[] nanos = new long[SAMPLES];
  private int count;
  private volatile long p95;

  synchronized void add(long sample) {
    nanos[count % SAMPLES] = sample;
    count++;
    if (count % RECOMPUTED_EVERY == 0) {
      long[] sorted = Arrays.copyOf(nanos, Math.min(count, SAMPLES));
      Arrays.sort(sorted);
      p95 = sorted[sorted.length * 95 / 100];
    }
  }

  /**
   * Who waits longer than that may have a second request: three times what 95 of 100 took at most.
   *
   * @param least as long as there are too few, and whatever they took
   */
  long tooLongNanos(Duration least) {
    return Math.max(least.toNanos(), SLOW_FACTOR * p95);
  }
}
