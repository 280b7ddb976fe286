package io.unsealfs.mount.point;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/**
 * Counts the threads that serve a mount, and adds one where all of them hang on a slow source:
 * otherwise neither another reader nor the interrupt of a waiting one would be heard. Lock-free for
 * those that are counted.
 */
public final class Roster {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  /** Between two looks for a sign of life. */
  private static final Duration LOOK = Duration.ofMillis(50);

  /** In which a new thread comes to listen. */
  private static final long START_NANOS = 1_000_000;

  /** Between two looks whether one waits, while all are busy. */
  private static final long GLANCE_NANOS = 2_000_000;

  /** After which it is tried again where there was no thread to be had. */
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final int most;
  private final long patienceNanos;
  private final BooleanSupplier oneWaits;
  private final long glanceNanos;
  private final IntConsumer starter;
  private final Runnable whenOver;
  private final AtomicInteger idle = new AtomicInteger();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger started = new AtomicInteger();
  private final LongAdder taken = new LongAdder();
  private final Thread watcher;
  private volatile boolean watching;
  private volatile boolean over;

  /**
   * Nobody yet.
   *
   * @param most threads at most
   * @param patience how long all may be busy without one getting done before another is added
   * @param starter starts the thread of the given number, 1 for the first; may throw
   * @param whenOver run once, by whoever finds that all have left, or that none can be started
   */
  public Roster(int most, Duration patience, IntConsumer starter, Runnable whenOver) {
    this(most, patience, () -> false, patience.toNanos(), starter, whenOver);
  }

  /**
   * The same.
   *
   * @param oneWaits whether one of those that are busy waits for something that takes no processor,
   *     such as a network: then there is no patience. Asked now and then while all are busy
   */
  public Roster(
      int most,
      Duration patience,
      BooleanSupplier oneWaits,
      IntConsumer starter,
      Runnable whenOver) {
    this(most, patience, oneWaits, GLANCE_NANOS, starter, whenOver);
  }

  private Roster(
      int most,
      Duration patience,
      BooleanSupplier oneWaits,
      long glanceNanos,
      IntConsumer starter,
      Runnable whenOver) {
    this.glanceNanos = glanceNanos;
    this.most = most;
    this.patienceNanos = patience.toNanos();
    this.oneWaits = oneWaits;
    this.starter = starter;
    this.whenOver = whenOver;
    this.watcher = new Thread(this::watch, "unsealfs-fuse-watch");
    this.watcher.setDaemon(true);
  }

  /**
   * Starts {@code count} threads, or as many of them as there are to be had.
   *
   * @throws OutOfMemoryError or whatever else kept the very first from being started
   */
  public void start(int count) {
    // counted beforehand: the first must not find itself the last to leave
    running.set(count);
    for (int i = 0; i < count; i++) {
      try {
        add();
      } catch (Throwable e) {
        if (i == 0) {
          gone(count);
          throw e;
        }
        notStarted(count - i, e);
        break;
      }
    }
    startWatcher();
  }

  private void startWatcher() {
    try {
      watcher.start();
    } catch (OutOfMemoryError e) {
      LOG.log(Level.WARNING, "no more workers will be added to a mount: {0}", e.getMessage());
    }
  }

  private void add() {
    int number = started.incrementAndGet();
    boolean done = false;
    try {
      starter.accept(number);
      done = true;
    } finally {
      if (!done) {
        started.decrementAndGet();
      }
    }
  }

  /** Threads that were counted do not come: one that left meanwhile took them for others. */
  private void notStarted(int count, Throwable why) {
    LOG.log(
        Level.WARNING,
        "a worker of a mount cannot be started, {0} serve: {1}",
        started.get(),
        why.toString());
    gone(count);
  }

  private void gone(int count) {
    if (running.addAndGet(-count) == 0) {
      whenOver.run();
    }
  }

  /** Whether what a thread does at the moment takes no processor and is not a system call. */
  public static boolean waits(Thread thread) {
    return switch (thread.getState()) {
      case WAITING, TIMED_WAITING -> true;
      default -> false;
    };
  }

  /** One of them waits for a request. */
  public void idle() {
    idle.incrementAndGet();
  }

  /** One of them has got a request. */
  public void busy() {
    taken.increment();
    if (idle.decrementAndGet() == 0 && !watching && started.get() < most) {
      watching = true;
      LockSupport.unpark(watcher);
    }
  }

  /**
   * Whether somebody waits for requests, or takes one, within {@code timeout}. While all of them
   * hang and no more can be added, nobody does.
   */
  public boolean isServing(Duration timeout) throws InterruptedException {
    long before = taken.sum();
    long end = System.nanoTime() + timeout.toNanos();
    while (idle.get() <= 0 && !over && taken.sum() == before) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      Thread.sleep(Duration.ofNanos(Math.min(left, LOOK.toNanos())));
    }
    return true;
  }

  /** Whether none of them has a request at hand, the one that asks included. */
  public boolean isIdle() {
    return idle.get() >= running.get();
  }

  /** One of them leaves, since the mount is over; no more are added. */
  public void left() {
    over = true;
    LockSupport.unpark(watcher);
    gone(1);
  }

  private void watch() {
    while (!over) {
      if (!watching) {
        LockSupport.park(this);
        continue;
      }
      long before = taken.sum();
      boolean waits = waitPatiently();
      if (idle.get() > 0 || started.get() >= most) {
        watching = false;
        // whoever became busy in between did not wake us
        if (idle.get() == 0 && started.get() < most) {
          watching = true;
        }
      } else if (!over && (waits || taken.sum() == before) && running.getAndIncrement() > 0) {
        addCounted(waits);
      }
    }
  }

  /**
   * Lets the whole patience pass, unless it is over before or one of them waits. One call to park
   * is not enough: it returns at once if two who became busy together both woke this thread, and a
   * thread added for nothing stays and costs all others changes of threads.
   *
   * @return whether one waits while all are busy
   */
  private boolean waitPatiently() {
    long end = System.nanoTime() + patienceNanos;
    for (long left = patienceNanos; left > 0 && !over; left = end - System.nanoTime()) {
      if (idle.get() <= 0 && oneWaits.getAsBoolean()) {
        return true;
      }
      LockSupport.parkNanos(this, Math.min(left, glanceNanos));
    }
    return false;
  }

  private void addCounted(boolean anotherSoon) {
    try {
      add();
    } catch (Throwable e) {
      // the watcher lives on: threads may be had again, and the last to leave must be known
      notStarted(1, e);
      if (!over) {
        LockSupport.parkNanos(this, RETRY.toNanos());
      }
      return;
    }
    if (anotherSoon) {
      // until that one has counted itself, it cannot be seen that one listens
      LockSupport.parkNanos(this, START_NANOS);
    }
  }
}
