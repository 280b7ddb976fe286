package io.unsealfs.daemon.lease;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * How a lease stands.
 *
 * @param standing {@code held}, {@code denied} or {@code expired}
 * @param endNanos when it ends, by the clock that counts suspension; empty for never
 * @param renewals so far
 * @param failedRenewals so far, denials included
 * @param lastFailure why the last one failed; empty if it did not
 */
public record LeaseView(
    String standing,
    OptionalLong endNanos,
    long renewals,
    long failedRenewals,
    Optional<String> lastFailure) {

  /** Nanoseconds until it ends, 0 if it has; empty for never. */
  public OptionalLong leftNanos(long now) {
    return endNanos.isEmpty() ? endNanos : OptionalLong.of(Math.max(0, endNanos.getAsLong() - now));
  }
}
