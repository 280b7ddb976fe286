package io.unsealfs.storage.object;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * The time that requests are signed with: the machine's, corrected by the store's once that is
 * known to be another. A confidential VM may boot with a wrong clock. The store is not trusted with
 * the time of anything else.
 */
public final class StoreClock extends Clock {
  /** A clock that is further off than this has its requests refused. */
  private static final Duration FAR = Duration.ofMinutes(10);

  /** A store that is further off is not believed. */
  private static final Duration CORRECTION_MAX = Duration.ofDays(366L * 50);

  private final Clock machine;
  private volatile Duration correction = Duration.ZERO;

  /** Uncorrected for now. */
  public StoreClock(Clock machine) {
    this.machine = machine;
  }

  /**
   * Whether the store's time is so far from this one that requests are refused for it.
   *
   * @param serverMillis since 1970; 0 if the store does not say
   */
  public boolean isFarFrom(long serverMillis) {
    return serverMillis > 0
        && Duration.between(instant(), Instant.ofEpochMilli(serverMillis)).abs().compareTo(FAR) > 0;
  }

  /** Takes over the store's time; false if that is out of all reason. */
  public boolean correct(long serverMillis) {
    Duration difference = Duration.between(machine.instant(), Instant.ofEpochMilli(serverMillis));
    if (serverMillis <= 0 || difference.abs().compareTo(CORRECTION_MAX) > 0) {
      return false;
    }
    correction = difference;
    return true;
  }

  @Override
  public Instant instant() {
    return machine.instant().plus(correction);
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return Clock.offset(machine.withZone(zone), correction);
  }
}
