package io.unsealfs.daemon.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class IdleWatchTest {
  private static final long SECOND = 1_000_000_000L;

  private long uses;
  private long openFiles;
  private boolean busy;
  private int attempts;

  private IdleWatch watch() {
    return new IdleWatch(
        Duration.ofSeconds(10),
        () -> uses,
        () -> openFiles,
        () -> {
          attempts++;
          return !busy;
        },
        0);
  }

  @Test
  void itUnmountsAfterTheTimeWithoutUse() {
    IdleWatch watch = watch();
    assertFalse(watch.look(9 * SECOND));
    assertEquals(0, attempts);
    assertTrue(watch.look(10 * SECOND));
    assertEquals(1, attempts);
  }

  @Test
  void aUseBeginsTheTimeAnew() {
    IdleWatch watch = watch();
    uses = 1;
    assertFalse(watch.look(9 * SECOND));
    assertFalse(watch.look(18 * SECOND));
    assertTrue(watch.look(19 * SECOND));
  }

  @Test
  void anOpenFileIsUseHoweverLong() {
    IdleWatch watch = watch();
    openFiles = 1;
    assertFalse(watch.look(1000 * SECOND));
    openFiles = 0;
    assertFalse(watch.look(1009 * SECOND));
    assertTrue(watch.look(1010 * SECOND));
  }

  @Test
  void theKernelHasTheLastWord() {
    IdleWatch watch = watch();
    busy = true;
    assertFalse(watch.look(10 * SECOND));
    assertFalse(watch.look(19 * SECOND));
    assertEquals(1, attempts, "asked again before the time was over once more");
    busy = false;
    assertTrue(watch.look(20 * SECOND));
  }

  @Test
  void itsThreadEndsTheMountByItself() throws InterruptedException {
    CountDownLatch unmounted = new CountDownLatch(1);
    try (IdleWatch _ =
        IdleWatch.start(
            Duration.ofMillis(1),
            () -> 0,
            () -> 0,
            () -> {
              unmounted.countDown();
              return true;
            })) {
      assertTrue(unmounted.await(30, TimeUnit.SECONDS));
    }
  }
}
