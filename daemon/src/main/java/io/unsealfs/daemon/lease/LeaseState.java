package io.unsealfs.daemon.lease;

import io.unsealfs.key.LeaseTerms;
import java.time.Duration;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/**
 * Where a lease stands: when to ask again, and when it is over. Has neither threads nor a clock;
 * all times are nanoseconds of one clock that counts suspension. Used by one thread.
 *
 * <p>A lease counts from the moment it was asked for, so that whoever delays the answer gains
 * nothing. It is renewed after its interval or a third of what is left, whichever is less: two
 * thirds remain for a service that is down. After a failure the pauses double, up to a minute, and
 * never leave out a third of what is left.
 */
final class LeaseState {
  /** Where it stands. */
  enum Standing {
    /** The key may be used. */
    HELD,
    /** The service said no. */
    DENIED,
    /** It ran out without an answer. */
    EXPIRED
  }

  /** Nothing is asked more often, however short the lease. */
  static final Duration SHORTEST_PAUSE = Duration.ofSeconds(1);

  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  /** Long after every lease that is understood. */
  private static final long NEVER = Long.MAX_VALUE / 2;

  /** A renewal comes up to so much earlier, so that a thousand mounts do not come at once. */
  private static final double JITTER = 0.1;

  private final DoubleSupplier random;
  private LeaseTerms terms;
  private long askedNanos;
  private long nextNanos;
  private int failures;
  private boolean denied;

  /**
   * A lease that was granted.
   *
   * @param askedNanos when the service was asked
   * @param random from 0 to 1
   */
  LeaseState(LeaseTerms terms, long askedNanos, DoubleSupplier random) {
    this.random = random;
    this.terms = terms;
    renewed(terms, askedNanos);
  }

  /** The service released the key again, on these terms. */
  void renewed(LeaseTerms fresh, long asked) {
    terms = fresh;
    askedNanos = asked;
    failures = 0;
    denied = false;
    nextNanos = asked + regularPause().map(this::early).orElse(NEVER);
  }

  /** The service refused to release the key. */
  void denied(long now) {
    denied = true;
    nextNanos = now + regularPause().map(this::early).orElse(LONGEST_PAUSE.toNanos());
  }

  /** The service could not be asked, or did not answer as it should. */
  void failed(long now) {
    failures++;
    long doubled = SHORTEST_PAUSE.toNanos() << Math.min(failures - 1, 10);
    long pause = Math.min(doubled, LONGEST_PAUSE.toNanos());
    long left = expiresIn(now);
    if (left > 0) {
      pause = Math.min(pause, left / 3);
    }
    nextNanos = now + Math.max(SHORTEST_PAUSE.toNanos(), early(pause));
  }

  /** The pause after an answer; empty if nobody wants to be asked again. */
  private Optional<Long> regularPause() {
    Optional<Long> third = terms.expiresAfter().map(after -> after.toNanos() / 3);
    Optional<Long> every = terms.renewEvery().map(Duration::toNanos);
    return third
        .map(nanos -> every.filter(wanted -> wanted < nanos).orElse(nanos))
        .or(() -> every)
        .map(nanos -> Math.max(SHORTEST_PAUSE.toNanos(), nanos));
  }

  private long early(long nanos) {
    return nanos - (long) (nanos * JITTER * random.getAsDouble());
  }

  Standing standing(long now) {
    if (denied) {
      return Standing.DENIED;
    }
    return expiresIn(now) <= 0 ? Standing.EXPIRED : Standing.HELD;
  }

  /** Failures since the last answer. */
  int failures() {
    return failures;
  }

  /** Nanoseconds until it runs out, 0 or less if it has. */
  long expiresIn(long now) {
    return terms.expiresAfter().map(after -> after.toNanos() - (now - askedNanos)).orElse(NEVER);
  }

  /** Nanoseconds until the service is to be asked, 0 or less if now. */
  long askIn(long now) {
    return nextNanos - now;
  }
}
