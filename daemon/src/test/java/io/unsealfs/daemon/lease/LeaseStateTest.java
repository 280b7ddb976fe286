package io.unsealfs.daemon.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.daemon.lease.LeaseState.Standing;
import io.unsealfs.key.LeaseTerms;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When to ask, and when it is over. All figures in seconds. */
class LeaseStateTest {
  /** A machine that has been up for a while: nothing counts from zero. */
  private static final long ASKED = seconds(1_000_000);

  private static long seconds(long count) {
    return Duration.ofSeconds(count).toNanos();
  }

  /** 0 stands for nothing said. */
  private static LeaseTerms terms(long expiresAfter, long renewEvery) {
    return new LeaseTerms(
        expiresAfter == 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(expiresAfter)),
        renewEvery == 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(renewEvery)));
  }

  private static LeaseState punctual(long expiresAfter, long renewEvery) {
    return new LeaseState(terms(expiresAfter, renewEvery), ASKED, () -> 0);
  }

  @ParameterizedTest
  @CsvSource({
    // expires after, renew every | asks after
    "3600, 300, 300",
    "3600, 0, 1200",
    "3600, 1800, 1200",
    "0, 300, 300",
    "1, 0, 1",
  })
  void asksAtItsIntervalOrAThirdOfWhatIsLeft(long expires, long every, long asks) {
    assertEquals(seconds(asks), punctual(expires, every).askIn(ASKED));
  }

  @Test
  void asksUpToATenthEarlierAndNeverLater() {
    LeaseState early = new LeaseState(terms(3600, 300), ASKED, () -> 1);
    assertEquals(seconds(270), early.askIn(ASKED));
  }

  @Test
  void withoutTermsNothingIsEverDue() {
    LeaseState state = punctual(0, 0);
    long later = ASKED + Duration.ofDays(20_000).toNanos();
    assertTrue(state.askIn(later) > 0);
    assertEquals(Standing.HELD, state.standing(later));
  }

  @Test
  void countsFromTheMomentItWasAskedFor() {
    LeaseState state = punctual(3600, 0);
    assertEquals(Standing.HELD, state.standing(ASKED + seconds(3600) - 1));
    assertEquals(Standing.EXPIRED, state.standing(ASKED + seconds(3600)));
  }

  @Test
  void aLeaseOfNoTimeIsOverAtOnceAndNotAskedForInALoop() {
    LeaseState state =
        new LeaseState(
            new LeaseTerms(Optional.of(Duration.ZERO), Optional.empty()), ASKED, () -> 0);
    assertEquals(Standing.EXPIRED, state.standing(ASKED));
    assertEquals(seconds(1), state.askIn(ASKED));
  }

  @Test
  void aRenewalBeginsANewLease() {
    LeaseState state = punctual(3600, 300);
    state.failed(ASKED + seconds(300));
    state.renewed(terms(600, 60), ASKED + seconds(400));
    assertEquals(0, state.failures());
    assertEquals(seconds(60), state.askIn(ASKED + seconds(400)));
    assertEquals(Standing.EXPIRED, state.standing(ASKED + seconds(1000)));
  }

  @Test
  void pausesDoubleUpToAMinute() {
    LeaseState state = punctual(36_000, 300);
    long now = ASKED + seconds(300);
    for (long pause : new long[] {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
      state.failed(now);
      assertEquals(seconds(pause), state.askIn(now));
      assertEquals(Standing.HELD, state.standing(now));
      now += seconds(pause);
    }
  }

  @Test
  void asksAgainWithinAThirdOfWhatIsLeftButNotMoreThanOnceASecond() {
    LeaseState state = punctual(90, 30);
    for (int i = 0; i < 10; i++) {
      state.failed(ASKED + seconds(30));
    }
    assertEquals(seconds(20), state.askIn(ASKED + seconds(30)));
    state.failed(ASKED + seconds(89));
    assertEquals(seconds(1), state.askIn(ASKED + seconds(89)));
  }

  @Test
  void whatIsOverIsAskedForOnceAMinute() {
    LeaseState state = punctual(90, 30);
    for (int i = 0; i < 10; i++) {
      state.failed(ASKED + seconds(100));
    }
    assertEquals(seconds(60), state.askIn(ASKED + seconds(100)));
    assertEquals(Standing.EXPIRED, state.standing(ASKED + seconds(100)));
  }

  @Test
  void aDenialCountsAtOnceAndUntilTheNextRelease() {
    LeaseState state = punctual(3600, 300);
    long now = ASKED + seconds(300);
    state.denied(now);
    assertEquals(Standing.DENIED, state.standing(now));
    assertEquals(seconds(300), state.askIn(now));
    state.failed(now + seconds(300));
    assertEquals(Standing.DENIED, state.standing(now + seconds(9000)));
    state.renewed(terms(3600, 300), now + seconds(9000));
    assertEquals(Standing.HELD, state.standing(now + seconds(9000)));
  }

  @Test
  void anAnswerThatCameAfterItsOwnEndIsNoLease() {
    LeaseState state = punctual(3600, 300);
    long afterSuspension = ASKED + seconds(90_000);
    state.renewed(terms(3600, 300), ASKED + seconds(300));
    assertEquals(Standing.EXPIRED, state.standing(afterSuspension));
    assertTrue(state.askIn(afterSuspension) <= 0);
  }
}
