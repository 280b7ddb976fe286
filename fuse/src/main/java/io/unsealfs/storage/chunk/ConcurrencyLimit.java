package io.unsealfs.storage.chunk;

/**
 * How many requests may be under way. Begins at 8; half as many more after each round in which
 * nothing went wrong and clearly more came in per second than in the rounds before, until one
 * brings no more; from then on one more at a time. Half as many when the store says that it is too
 * much. A round is as many completions as the limit. Not thread-safe.
 */
final class ConcurrencyLimit {
  private static final int LEAST = 2;
  private static final int FIRST = 8;

  /** What a request counts besides its bytes, so that rounds of small ones can be compared. */
  private static final long REQUEST_BYTES = 64 << 10;

  /** Growth that is more than chance. */
  private static final double RISE = 1.02;

  /** Growth that half as many connections more must bring to be worth as many again. */
  private static final double STEEP_RISE = 1.1;

  /** Rounds without growth after which one more is tried again: the network may have changed. */
  private static final int PROBE_ROUNDS = 8;

  private final int most;
  private int limit;
  private int completions;
  private int flatRounds;
  private long bytes;
  private long roundStartNanos;
  private double lastRate;
  private boolean full;
  private boolean steep = true;
  private long quietUntilNanos;

  ConcurrencyLimit(int most, long nowNanos) {
    this.most = Math.max(LEAST, most);
    this.limit = Math.min(FIRST, this.most);
    this.roundStartNanos = nowNanos;
    this.quietUntilNanos = nowNanos;
  }

  int limit() {
    return limit;
  }

  /** Requests ahead of readers may not take all of it: somebody may have to wait next. */
  int limitAhead() {
    return Math.max(1, limit * 3 / 4);
  }

  /** There is more to do than the limit lets. */
  void reached() {
    full = true;
  }

  /** A request brought {@code count} bytes. */
  void completed(long count, long nowNanos) {
    completions++;
    bytes += count + REQUEST_BYTES;
    if (completions < limit) {
      return;
    }
    double rate = bytes / (double) Math.max(1, nowNanos - roundStartNanos);
    boolean rises = rate > lastRate * (steep ? STEEP_RISE : RISE);
    flatRounds = rises ? 0 : flatRounds + 1;
    if (full) {
      steep &= rises;
      if (steep) {
        limit = Math.min(most, limit + limit / 2);
      } else if (limit < most && (rises || flatRounds >= PROBE_ROUNDS)) {
        limit++;
        flatRounds = 0;
      }
    }
    // the best so far, forgotten slowly: one lucky round must not end all growth
    lastRate = Math.max(rate, lastRate * 0.95);
    begin(nowNanos);
  }

  /**
   * The store asks for less. Requests that were under way together say so together: once is enough.
   */
  void congested(long nowNanos, long roundTripNanos) {
    if (nowNanos - quietUntilNanos < 0) {
      return;
    }
    limit = Math.max(LEAST, limit / 2);
    steep = false;
    quietUntilNanos = nowNanos + roundTripNanos;
    lastRate = 0;
    begin(nowNanos);
  }

  private void begin(long nowNanos) {
    completions = 0;
    bytes = 0;
    full = false;
    roundStartNanos = nowNanos;
  }
}
