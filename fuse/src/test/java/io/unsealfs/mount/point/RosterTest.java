package io.unsealfs.mount.point;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RosterTest {
  private static final int LONG_SECONDS = 30;

  private final LinkedBlockingQueue<Integer> started = new LinkedBlockingQueue<>();
  private final Roster roster = new Roster(3, Duration.ofMillis(50), started::add);

  @Test
  void startsAsManyAsItIsTold() {
    roster.start(2);

    assertEquals(1, started.poll());
    assertEquals(2, started.poll());
    assertNull(started.poll());
  }

  @Test
  void addsOneWhereAllHangAndNoMoreThanItMay() throws InterruptedException {
    begin(2);
    roster.busy();
    roster.busy();

    assertEquals(3, started.poll(LONG_SECONDS, TimeUnit.SECONDS));
    roster.idle();
    roster.busy();
    assertNull(started.poll(200, TimeUnit.MILLISECONDS));
  }

  @Test
  void withoutPatienceAddsOneAsSoonAsAllAreBusyWhateverGetsDone() throws InterruptedException {
    Roster impatient = new Roster(4, Duration.ZERO, started::add);
    impatient.start(1);
    assertEquals(1, started.poll(LONG_SECONDS, TimeUnit.SECONDS));
    impatient.idle();

    impatient.busy();
    assertEquals(2, started.poll(LONG_SECONDS, TimeUnit.SECONDS));
    impatient.idle();
    impatient.idle();
    impatient.busy();
    impatient.busy();
    assertEquals(3, started.poll(LONG_SECONDS, TimeUnit.SECONDS));
  }

  @Test
  void addsNobodyWhileOneListens() throws InterruptedException {
    begin(2);
    roster.busy();

    assertNull(started.poll(200, TimeUnit.MILLISECONDS));
  }

  @Test
  void addsNobodyOnceTheMountIsOver() throws InterruptedException {
    begin(1);
    assertTrue(roster.left());
    roster.busy();

    assertNull(started.poll(200, TimeUnit.MILLISECONDS));
  }

  @Test
  void knowsTheLastToLeave() {
    begin(2);

    assertFalse(roster.left());
    assertTrue(roster.left());
  }

  @Test
  void isIdleWhileNobodyHasARequest() {
    begin(2);
    assertTrue(roster.isIdle());

    roster.busy();
    assertFalse(roster.isIdle());

    roster.idle();
    assertTrue(roster.isIdle());
  }

  private void begin(int threads) {
    roster.start(threads);
    started.clear();
    for (int i = 0; i < threads; i++) {
      roster.idle();
    }
  }
}
