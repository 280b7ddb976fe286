package io.unsealfs.key.grpc;

import java.time.Duration;

/** What is left of an overall time. */
final class Countdown {
  private final long startNanos = System.nanoTime();
  private final Duration overall;

  Countdown(Duration overall) {
    this.overall = overall;
  }

  /** Never negative. */
  Duration left() {
    Duration left = overall.minusNanos(System.nanoTime() - startNanos);
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** The shorter of {@code most} and what is left. */
  Duration atMost(Duration most) {
    Duration left = left();
    return left.compareTo(most) < 0 ? left : most;
  }
}
