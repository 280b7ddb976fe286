package io.unsealfs.mount.point;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RosterTest {
  private static final int LONG_SECONDS = 30;

  private final LinkedBlockingQueue<Integer> started = new LinkedBlockingQueue<>();
  private final AtomicInteger over = new AtomicInteger();
  private final Roster roster =
      new Roster(3, Duration.ofMillis(50), started::add, over::incrementAndGet);

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
  void theWholePatiencePassesHoweverOftenTheWatcherIsWoken() throws InterruptedException {
    Roster patient = new Roster(3, Duration.ofHours(1), started::add, over::incrementAndGet);
    patient.start(1);
    assertEquals(1, started.poll(LONG_SECONDS, TimeUnit.SECONDS));
    patient.idle();
    patient.busy();

    for (int i = 0; i < 100; i++) {
      // as two do that become busy at the same time
      Thread.getAllStackTraces().keySet().stream()
          .filter(thread -> thread.getName().equals("unsealfs-fuse-watch"))
          .forEach(LockSupport::unpark);
      Thread.sleep(2);
    }
    assertNull(started.poll());
    patient.left();
  }

  @Test
  void addsOneAsSoonAsOneWaitsAndAllAreBusyWhateverGetsDone() throws InterruptedException {
    AtomicBoolean waits = new AtomicBoolean();
    AtomicReference<@Nullable Roster> made = new AtomicReference<>();
    Roster watchful =
        new Roster(
            4,
            Duration.ofHours(1),
            waits::get,
            number -> {
              if (number > 1) {
                // before this thread can go on: the watcher looks again after a millisecond
                requireNonNull(made.get()).idle();
              }
              started.add(number);
            },
            over::incrementAndGet);
    made.set(watchful);
    watchful.start(1);
    assertEquals(1, started.poll(LONG_SECONDS, TimeUnit.SECONDS));
    watchful.idle();

    watchful.busy();
    assertNull(started.poll(200, TimeUnit.MILLISECONDS), "it computes");
    waits.set(true);
    assertEquals(2, started.poll(LONG_SECONDS, TimeUnit.SECONDS));
    watchful.idle();
    assertNull(started.poll(200, TimeUnit.MILLISECONDS), "one listens");
    watchful.busy();
    watchful.busy();
    assertEquals(3, started.poll(LONG_SECONDS, TimeUnit.SECONDS));
    waits.set(false);
    watchful.left();
  }

  @Test
  void aThreadWaitsThatIsParkedAndNotOneThatComputes() throws InterruptedException {
    AtomicBoolean goOn = new AtomicBoolean();
    Thread computes =
        new Thread(() -> {
          while (!goOn.get()) {
            Thread.onSpinWait();
          }
          LockSupport.park();
        });
    computes.setDaemon(true);
    computes.start();
    for (int i = 0; i < 100; i++) {
      assertFalse(Roster.waits(computes));
    }
    goOn.set(true);
    while (!Roster.waits(computes) && computes.isAlive()) {
      Thread.sleep(1);
    }
    assertTrue(computes.isAlive());
    LockSupport.unpark(computes);
    computes.join();
    assertFalse(Roster.waits(computes));
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
    roster.left();
    roster.busy();

    assertNull(started.poll(200, TimeUnit.MILLISECONDS));
  }

  @Test
  void knowsTheLastToLeave() {
    begin(2);

    roster.left();
    assertEquals(0, over.get());
    roster.left();
    assertEquals(1, over.get());
  }

  @Test
  void theLastToLeaveIsKnownAlsoWhereOneCouldNotBeStarted() throws InterruptedException {
    AtomicBoolean refuses = new AtomicBoolean();
    LinkedBlockingQueue<Integer> refused = new LinkedBlockingQueue<>();
    Roster shortOfThreads =
        new Roster(
            2,
            Duration.ofMillis(1),
            number -> {
              if (refuses.get()) {
                refused.add(number);
                throw new OutOfMemoryError("unable to create native thread");
              }
              started.add(number);
            },
            over::incrementAndGet);
    shortOfThreads.start(1);
    shortOfThreads.idle();
    refuses.set(true);
    shortOfThreads.busy();
    assertEquals(2, refused.poll(LONG_SECONDS, TimeUnit.SECONDS));
    assertEquals(2, refused.poll(LONG_SECONDS, TimeUnit.SECONDS), "it is tried again");

    refuses.set(false);
    assertEquals(1, started.poll(LONG_SECONDS, TimeUnit.SECONDS));
    assertEquals(2, started.poll(LONG_SECONDS, TimeUnit.SECONDS));
    shortOfThreads.idle();
    shortOfThreads.left();
    assertEquals(0, over.get());
    shortOfThreads.left();
    assertEquals(1, over.get());
  }

  @Test
  void theLastToLeaveIsKnownAlsoIfItLeavesBeforeTheStartThatFails() {
    AtomicReference<@Nullable Roster> made = new AtomicReference<>();
    Roster leaving =
        new Roster(
            3,
            Duration.ofMillis(1),
            number -> {
              if (number > 1) {
                requireNonNull(made.get()).left();
                throw new OutOfMemoryError("unable to create native thread");
              }
            },
            over::incrementAndGet);
    made.set(leaving);
    leaving.start(3);
    assertEquals(1, over.get());
  }

  @Test
  void aMountForWhichNoThreadIsToBeHadFails() {
    Roster none =
        new Roster(
            3,
            Duration.ofMillis(1),
            number -> {
              throw new OutOfMemoryError("unable to create native thread");
            },
            over::incrementAndGet);
    assertThrows(OutOfMemoryError.class, () -> none.start(2));
    assertEquals(1, over.get(), "what was to be served is closed");
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
