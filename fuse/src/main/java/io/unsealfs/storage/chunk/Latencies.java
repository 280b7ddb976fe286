package io.unsealfs.storage.chunk;

import java.util.Arrays;

/** How long the last requests took until their first byte. Thread-safe. */
final class Latencies {
  private static final int SAMPLES = 128;
  private static final int RECOMPUTED_EVERY = 16;

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

  /** The time that 95 of 100 took at most, in nanoseconds; 0 as long as there are too few. */
  long p95() {
    return p95;
  }
}
