package io.unsealfs.mount.resident;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How much is touched, and when it is freed. One thread; time passes where it waits. */
class TouchAheadTest {
  private static final long MIB = 1 << 20;
  private static final long MOST = 40 * MIB;
  private static final Duration SECOND = Duration.ofSeconds(1);

  private @Nullable TouchAhead touched;
  private Duration now = Duration.ZERO;
  private long most;

  @AfterEach
  void close() {
    touched().close();
  }

  private TouchAhead touched() {
    return Objects.requireNonNull(touched);
  }

  private void begin(LongSupplier unused) throws Exception {
    touched = new TouchAhead(MOST, unused, () -> now.toNanos());
  }

  private void pass(Duration time) {
    now = now.plus(time);
    most = Math.max(most, touched().heldBytes());
  }

  @Test
  void holdsItUntilTheMountAndForAMinuteAfterTheLastOpen() throws Exception {
    begin(() -> Long.MAX_VALUE);
    Duration[] lastHeld = new Duration[1];
    touched()
        .run(timeout -> {
          Duration before = now;
          pass(timeout);
          if (before.toSeconds() < 1000 && now.toSeconds() >= 1000) {
            touched().mounted();
          }
          if (before.toSeconds() < 1050 && now.toSeconds() >= 1050) {
            touched().opened();
          }
          assertTrue(now.toSeconds() < 2000, "for ever");
          lastHeld[0] = touched().heldBytes() == MOST ? now : lastHeld[0];
          return false;
        });
    long until = lastHeld[0].toSeconds();
    assertTrue(until >= 1109 && until <= 1111, () -> "until " + until);
    assertEquals(0, touched().heldBytes());
  }

  @Test
  void leavesUnusedWhatOthersMayNeed() throws Exception {
    begin(() -> 280 * MIB - touched().heldBytes());
    touched()
        .run(timeout -> {
          pass(timeout);
          if (now.compareTo(SECOND) > 0) {
            touched().close();
          }
          return false;
        });
    assertEquals(16 * MIB, most);
  }

  @Test
  void allOfItGoesWhenMemoryIsShort() throws Exception {
    begin(() -> Long.MAX_VALUE);
    int[] looks = new int[1];
    touched()
        .run(timeout -> {
          pass(timeout);
          return ++looks[0] == 2;
        });
    assertEquals(16 * MIB, most);
    assertEquals(0, touched().heldBytes());
    assertEquals(2, looks[0]);
  }

  @Test
  void soItDoesWhileItIsOnlyHeld() throws Exception {
    begin(() -> Long.MAX_VALUE);
    touched()
        .run(timeout -> {
          pass(timeout);
          return touched().heldBytes() == MOST;
        });
    assertEquals(MOST, most);
    assertEquals(0, touched().heldBytes());
  }

  @Test
  void touchesNothingWhileSomebodyFills() throws Exception {
    begin(() -> Long.MAX_VALUE);
    long[] held = {-1};
    touched()
        .run(timeout -> {
          if (most == 16 * MIB && held[0] < 0) {
            touched().give(3 * MIB);
            held[0] = touched().heldBytes();
          } else if (timeout.toMillis() == 100) {
            assertEquals(held[0], touched().heldBytes());
          }
          pass(timeout);
          return now.compareTo(SECOND) > 0;
        });
    assertEquals(28 * MIB, held[0], "in whole pages");
    // 3 MiB are somebody's now
    assertEquals(36 * MIB, most);
  }

  @Test
  void stopsTouchingSomeSecondsAfterTheMount() throws Exception {
    begin(() -> Long.MAX_VALUE);
    touched().mounted();
    touched()
        .run(timeout -> {
          pass(SECOND);
          return now.toSeconds() > 50;
        });
    assertEquals(32 * MIB, most);
  }

  @Test
  void whatIsClosedTouchesNothing() throws Exception {
    begin(() -> Long.MAX_VALUE);
    touched().close();
    touched()
        .run(timeout -> {
          throw new AssertionError("it waits");
        });
    assertEquals(0, touched().heldBytes());
  }
}
