package io.unsealfs.daemon.status;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Ends a mount that nobody used for a while. Open files count as use however long nothing is read
 * from them, and so does what only the kernel sees, a mapping or a working directory: it has the
 * last word when the mount is to be taken out of the tree.
 */
public final class IdleWatch implements AutoCloseable {
  /** Looks per idle time. */
  private static final int LOOKS = 10;

  private static final long SHORTEST_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long LONGEST_LOOK_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final Duration CLOSING = Duration.ofSeconds(5);

  private final long idleNanos;
  private final LongSupplier uses;
  private final LongSupplier openFiles;
  private final BooleanSupplier unmount;
  private final CountDownLatch closed = new CountDownLatch(1);
  private @Nullable Thread thread; // set before anybody has the watch
  // used by one thread
  private long seenUses;
  private long usedNanos;

  /**
   * A watch that has just seen a use.
   *
   * @param uses grows with every use
   * @param openFiles now
   * @param unmount tries to; false if the kernel finds somebody in it
   * @param nowNanos of {@link System#nanoTime}
   */
  IdleWatch(
      Duration idle,
      LongSupplier uses,
      LongSupplier openFiles,
      BooleanSupplier unmount,
      long nowNanos) {
    this.idleNanos = idle.toNanos();
    this.uses = uses;
    this.openFiles = openFiles;
    this.unmount = unmount;
    this.seenUses = uses.getAsLong();
    this.usedNanos = nowNanos;
  }

  /**
   * Watches in a daemon thread until closed, or until it has unmounted.
   *
   * @param uses grows with every use
   * @param openFiles now
   * @param unmount tries to; false if the kernel finds somebody in it
   */
  public static IdleWatch start(
      Duration idle, LongSupplier uses, LongSupplier openFiles, BooleanSupplier unmount) {
    IdleWatch watch = new IdleWatch(idle, uses, openFiles, unmount, System.nanoTime());
    Thread thread = Thread.ofPlatform().daemon().name("unsealfs-idle").unstarted(watch::run);
    watch.thread = thread;
    thread.start();
    return watch;
  }

  private void run() {
    long pause = Math.clamp(idleNanos / LOOKS, SHORTEST_LOOK_NANOS, LONGEST_LOOK_NANOS);
    try {
      while (!closed.await(pause, TimeUnit.NANOSECONDS)) {
        if (look(System.nanoTime())) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does
    }
  }

  /** Looks once; whether it unmounted. */
  boolean look(long nowNanos) {
    long now = uses.getAsLong();
    if (now != seenUses || openFiles.getAsLong() > 0) {
      seenUses = now;
      usedNanos = nowNanos;
      return false;
    }
    if (nowNanos - usedNanos < idleNanos) {
      return false;
    }
    if (unmount.getAsBoolean()) {
      return true;
    }
    usedNanos = nowNanos;
    return false;
  }

  /**
   * Watches no longer. Waits, a few seconds at most, for an unmounting that is under way: whoever
   * began it has yet to say so, and the process ends with its mount. Idempotent.
   */
  @Override
  public void close() {
    closed.countDown();
    if (thread == null || thread.equals(Thread.currentThread())) {
      return;
    }
    try {
      boolean _ = thread.join(CLOSING);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
