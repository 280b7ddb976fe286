package io.unsealfs.daemon.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LivenessTest {
  @Test
  void anErrorIsAnAnswerAndAFaultIsNone() {
    assertTrue(new Liveness(() -> {}, Duration.ofSeconds(30)).isAlive());
    assertTrue(
        new Liveness(
                () -> {
                  throw new IOException("damaged");
                },
                Duration.ofSeconds(30))
            .isAlive());
    assertFalse(
        new Liveness(
                () -> {
                  throw new IllegalStateException();
                },
                Duration.ofSeconds(30))
            .isAlive());
  }

  @Test
  void aTreeThatHangsIsAskedOnce() throws InterruptedException {
    AtomicInteger asked = new AtomicInteger();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch wedged = new CountDownLatch(1);
    Liveness liveness =
        new Liveness(
            () -> {
              asked.incrementAndGet();
              begun.countDown();
              try {
                wedged.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            Duration.ofMillis(20));
    assertFalse(liveness.isAlive());
    assertFalse(liveness.isAlive());
    assertTrue(begun.await(30, TimeUnit.SECONDS));
    assertEquals(1, asked.get());
    wedged.countDown();
    long deadline = System.nanoTime() + 30_000_000_000L;
    boolean alive = liveness.isAlive();
    while (!alive && System.nanoTime() < deadline) {
      alive = liveness.isAlive();
    }
    assertTrue(alive);
  }
}
