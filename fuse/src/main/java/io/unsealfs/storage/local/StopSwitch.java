package io.unsealfs.storage.local;

import java.io.InterruptedIOException;
import java.util.concurrent.TimeUnit;

/**
 * Ends a copy from outside. {@link #close}, to be called by a shutdown hook, makes the copy stop at
 * its next chunk and waits until it has removed what it had written.
 */
public final class StopSwitch implements AutoCloseable {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private int running;
  private volatile boolean stopped;

  /** A switch nobody has thrown yet. */
  public StopSwitch() {}

  /** A copy begins; {@link #leave} has to follow. */
  public synchronized void enter() {
    running++;
  }

  /** A copy ended and cleaned up. */
  public synchronized void leave() {
    running--;
    notifyAll();
  }

  /** Whether the switch was thrown. */
  boolean stopped() {
    return stopped;
  }

  /**
   * Does nothing unless the switch was thrown.
   *
   * @throws InterruptedIOException if it was
   */
  public void check() throws InterruptedIOException {
    if (stopped) {
      throw new InterruptedIOException("stopped before the end; nothing was kept");
    }
  }

  /** Stops what runs and waits for its clean-up, but not for ever. Idempotent. */
  @Override
  public synchronized void close() {
    stopped = true;
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    try {
      while (running > 0) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          // The storage hangs; the temporary directory stays, under a name that says what it is.
          return;
        }
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
