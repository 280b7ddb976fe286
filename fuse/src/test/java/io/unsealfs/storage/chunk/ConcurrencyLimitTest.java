package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ConcurrencyLimitTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long PART = 8 << 20;

  private final ConcurrencyLimit limit = new ConcurrencyLimit(64, 0);
  private long now;

  @Test
  void growsByHalfWhileThatBringsClearlyMore() {
    assertEquals(8, limit.limit());
    round(800);
    assertEquals(12, limit.limit());
    round(1200);
    assertEquals(18, limit.limit());
    round(1800);
    assertEquals(27, limit.limit());
  }

  @Test
  void growsByOneOnceHalfAsManyMoreBroughtNothing() {
    round(800);
    round(1200);
    assertEquals(18, limit.limit());
    round(1210);
    assertEquals(18, limit.limit(), "no gain");
    round(1300);
    assertEquals(19, limit.limit(), "a small gain");
    round(2600);
    assertEquals(20, limit.limit(), "and also after a large one");
  }

  @Test
  void staysWhereNothingMoreIsWanted() {
    for (int i = 0; i < 20; i++) {
      completions(limit.limit(), 100L * (i + 1));
    }
    assertEquals(8, limit.limit());
  }

  @Test
  void triesOneMoreAfterEightRoundsWithoutGain() {
    round(800);
    for (int i = 0; i < 7; i++) {
      round(100);
    }
    assertEquals(12, limit.limit());
    round(100);
    assertEquals(13, limit.limit());
  }

  @Test
  void isNeverMoreThanTheMost() {
    ConcurrencyLimit few = new ConcurrencyLimit(10, 0);
    few.reached();
    for (int i = 0; i < 8; i++) {
      few.completed(PART, SECOND);
    }
    assertEquals(10, few.limit());
  }

  @Test
  void isHalvedOnceForOneRoundTripAndNeverBelowTwo() {
    limit.congested(now, SECOND);
    assertEquals(4, limit.limit());
    limit.congested(now + SECOND / 2, SECOND);
    assertEquals(4, limit.limit(), "said together");
    limit.congested(now + 2 * SECOND, SECOND);
    limit.congested(now + 4 * SECOND, SECOND);
    limit.congested(now + 6 * SECOND, SECOND);
    assertEquals(2, limit.limit());
  }

  @Test
  void growsByOneAfterTheStoreAskedForLess() {
    round(800);
    limit.congested(now, SECOND);
    assertEquals(6, limit.limit());
    round(800);
    assertEquals(7, limit.limit());
    round(1600);
    assertEquals(8, limit.limit());
  }

  @Test
  void leavesAQuarterToThoseWhoWait() {
    assertEquals(6, limit.limitAhead());
  }

  /** A round with more to do than the limit lets. */
  private void round(long mebibytesPerSecond) {
    limit.reached();
    completions(limit.limit(), mebibytesPerSecond);
  }

  private void completions(int count, long mebibytesPerSecond) {
    for (int i = 0; i < count; i++) {
      now += SECOND * (PART >> 20) / mebibytesPerSecond;
      limit.completed(PART, now);
    }
  }
}
