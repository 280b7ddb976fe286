package io.unsealfs.daemon.service;

import java.lang.System.Logger.Level;
import java.time.Duration;

/**
 * Gives the service manager its signs of life, each one only after the service was seen to answer.
 * A service that hangs is therefore killed and started again.
 */
public final class Watchdog implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.service");

  /** Signs in the time after which the manager acts, so that one may come late. */
  private static final int SIGNS = 3;

  /** Tells whether the service answers. */
  @FunctionalInterface
  public interface Liveness {
    /** Whether it answered within {@code timeout}; may take as long. */
    boolean isServing(Duration timeout) throws InterruptedException;
  }

  private final ServiceManager manager;
  private final Liveness liveness;
  private final Duration pause;
  private final Thread thread;

  private Watchdog(ServiceManager manager, Liveness liveness, Duration pause) {
    this.manager = manager;
    this.liveness = liveness;
    this.pause = pause;
    this.thread = new Thread(this::run, "unsealfs-watchdog");
    thread.setDaemon(true);
  }

  /** Begins to; where the manager wants no signs, there is nothing to do. */
  public static Watchdog start(ServiceManager manager, Liveness liveness) {
    Duration pause = manager.watchdogInterval().orElse(Duration.ZERO).dividedBy(SIGNS);
    Watchdog watchdog = new Watchdog(manager, liveness, pause);
    if (pause.isPositive()) {
      watchdog.thread.start();
    }
    return watchdog;
  }

  private void run() {
    boolean answered = true;
    try {
      while (true) {
        long began = System.nanoTime();
        boolean answers = liveness.isServing(pause);
        if (answers) {
          manager.alive();
        }
        if (answers != answered) {
          LOG.log(
              answers ? Level.INFO : Level.ERROR,
              answers
                  ? "it answers again"
                  : "no answer within "
                      + pause.toSeconds()
                      + " s; the service manager gets no sign of life");
        }
        answered = answers;
        // a look that took long is followed by the next at once: a sign must not come later still
        Duration left = pause.minusNanos(System.nanoTime() - began);
        Thread.sleep(left.isNegative() ? Duration.ZERO : left);
      }
    } catch (InterruptedException e) {
      // closed
    }
  }

  /** No more signs; the manager wants none from a service that stops. Idempotent. */
  @Override
  public void close() {
    thread.interrupt();
  }
}
