package io.unsealfs.key;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How long a released key may be used without asking again. Durations only, counted from the moment
 * the client asked: its wall clock may be set by the host, so dates are for the server to judge.
 *
 * @param expiresAfter when it must no longer be used unless it was renewed; empty: never
 * @param renewEvery how long after a release the client has to ask again; empty: as it likes
 */
public record LeaseTerms(Optional<Duration> expiresAfter, Optional<Duration> renewEvery) {
  /** No lease: used as long as the client likes. */
  public static final LeaseTerms NONE = new LeaseTerms(Optional.empty(), Optional.empty());

  /** The longest duration that is understood. */
  public static final Duration LONGEST = Duration.ofDays(3660);

  /**
   * Checks the durations.
   *
   * @throws IllegalArgumentException unless they are from 0 s to {@link #LONGEST}
   */
  public LeaseTerms {
    if (!isFit(expiresAfter) || !isFit(renewEvery)) {
      throw new IllegalArgumentException("lease out of bounds");
    }
  }

  private static boolean isFit(Optional<Duration> duration) {
    return duration.isEmpty()
        || (!duration.get().isNegative() && duration.get().compareTo(LONGEST) <= 0);
  }

  /** Whether nothing was said, so that the key is used as long as the client likes. */
  public boolean isNone() {
    return equals(NONE);
  }

  /**
   * The same, ended at {@code expiry} at the latest, by the clock of whoever releases at {@code
   * now}.
   */
  LeaseTerms until(Instant expiry, Instant now) {
    Duration left = Duration.between(now, expiry);
    Duration bounded =
        left.isNegative() ? Duration.ZERO : left.compareTo(LONGEST) > 0 ? LONGEST : left;
    return new LeaseTerms(
        Optional.of(expiresAfter.filter(own -> own.compareTo(bounded) <= 0).orElse(bounded)),
        renewEvery);
  }
}
