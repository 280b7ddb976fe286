package io.unsealfs.mount;

import java.time.Duration;

/**
 * For how long the kernel may go by what it was told without asking again.
 *
 * @param entrySeconds names and attributes
 * @param absentSeconds that there is no such name
 */
public record Validity(long entrySeconds, long absentSeconds) {
  /** Of a tree that does not change under the mount: one day. */
  public static final Validity FOREVER = new Validity(86_400, 86_400);

  private static final long HOUR_SECONDS = 3600;

  /** Checks that neither is negative. */
  public Validity {
    if (entrySeconds < 0 || absentSeconds < 0) {
      throw new IllegalArgumentException("negative validity");
    }
  }

  /**
   * Of a tree that is looked at again: the kernel is told which of its entries changed, but not
   * which names are new, since nobody knows for which ones it remembers that they are missing.
   *
   * @param interval between two looks, zero if only on demand
   */
  public static Validity refreshed(Duration interval) {
    long seconds = interval.isZero() ? HOUR_SECONDS : Math.max(1, interval.toSeconds());
    return new Validity(seconds, 1);
  }
}
