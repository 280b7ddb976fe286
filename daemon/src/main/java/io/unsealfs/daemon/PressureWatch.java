package io.unsealfs.daemon;

import io.unsealfs.os.MemoryPressure;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The thread between {@link MemoryPressure} and the {@link CacheKeeper} of a mount. */
final class PressureWatch implements AutoCloseable {
  /** Longest wait for a call for help; it wakes the thread only to let the cache grow again. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

  /** After a shortage: what was done needs some time to show. */
  private static final int PAUSE_SECONDS = 3;

  private final MemoryPressure pressure;
  private final CacheKeeper keeper;
  private final CountDownLatch closed = new CountDownLatch(1);

  private PressureWatch(MemoryPressure pressure, CacheKeeper keeper) {
    this.pressure = pressure;
    this.keeper = keeper;
  }

  /** Watches in a daemon thread until closed. */
  static PressureWatch start(CacheKeeper keeper) {
    PressureWatch watch = new PressureWatch(MemoryPressure.ofThisProcess(), keeper);
    Thread.ofPlatform().daemon().name("unsealfs-memory").start(watch::run);
    return watch;
  }

  private void run() {
    try {
      while (closed.getCount() > 0) {
        if (pressure.await(LONGEST_WAIT)) {
          keeper.shortage();
          if (closed.await(PAUSE_SECONDS, TimeUnit.SECONDS)) {
            return;
          }
        } else {
          keeper.calm();
        }
      }
    } catch (InterruptedException e) {
      // nobody interrupts it; if somebody does, the cache keeps its size
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed.countDown();
    pressure.close();
  }
}
