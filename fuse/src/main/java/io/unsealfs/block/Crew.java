package io.unsealfs.block;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A few threads that help the readers of large requests while cores are idle. They are started when
 * first wanted and parked between requests; a reader never waits for one to come, only for the
 * parts that one took. A helper takes a part only while fewer threads are at work than there are
 * cores: with every core busy, help is nothing but a change of threads.
 */
final class Crew implements AutoCloseable {
  private final int cores;
  private final AtomicReferenceArray<@Nullable SpreadRead> open;
  private final AtomicReferenceArray<@Nullable Helper> helpers;

  /** Threads in a large request or on a part of one. */
  private final AtomicInteger atWork = new AtomicInteger();

  private final ThreadFactory threads;
  private volatile boolean closed;

  /** Up to {@code helpers} threads on a machine of {@code cores}. */
  Crew(int helpers, int cores) {
    this(helpers, cores, Thread.ofPlatform().daemon().name("unsealfs-helper-", 0).factory());
  }

  /** As above, with threads of this making. */
  Crew(int helpers, int cores, ThreadFactory threads) {
    this.cores = cores;
    this.threads = threads;
    this.open = new AtomicReferenceArray<>(helpers + 1);
    this.helpers = new AtomicReferenceArray<>(helpers);
  }

  /** A reader begins a large request. */
  void enter() {
    atWork.incrementAndGet();
  }

  /** And ends it. */
  void leave() {
    atWork.decrementAndGet();
  }

  /** Whether a helper would find a core. */
  boolean isIdle() {
    return atWork.get() < cores && !closed;
  }

  /**
   * Shows helpers a request of {@code parts} parts and wakes as many of them as may take one. Once
   * a helper can find the request this does not fail: the reader would leave with his buffer while
   * the helper writes into it.
   *
   * @return what to give to {@link #withdraw}; -1 if nobody can help
   */
  int offer(SpreadRead request, int parts) {
    for (int slot = 0; slot < open.length(); slot++) {
      if (open.get(slot) == null && open.compareAndSet(slot, null, request)) {
        wake(Math.min(parts - 1, cores - atWork.get()));
        return slot;
      }
    }
    return -1;
  }

  /** Ends an offer: nobody finds the request any more. */
  void withdraw(int slot) {
    if (slot >= 0) {
      open.set(slot, null);
    }
  }

  private void wake(int wanted) {
    int woken = 0;
    for (int i = 0; i < helpers.length() && woken < wanted; i++) {
      Helper helper = helpers.get(i);
      if (helper == null) {
        if (closed || !start(i)) {
          return; // nor would the next one start
        }
        woken++;
      } else if (helper.wake()) {
        woken++;
      }
    }
  }

  /** Starts a helper; false where there is no thread to be had, or no memory for one. */
  private boolean start(int number) {
    Helper fresh = null;
    try {
      fresh = new Helper();
      if (helpers.compareAndSet(number, null, fresh)) {
        fresh.start();
      }
      return true;
    } catch (Throwable e) {
      if (fresh != null) {
        helpers.compareAndSet(number, fresh, null);
      }
      return false;
    }
  }

  /** A request that somebody has not taken the last part of, or null. */
  private @Nullable SpreadRead find() {
    for (int slot = 0; slot < open.length(); slot++) {
      SpreadRead request = open.get(slot);
      if (request != null && request.hasParts()) {
        return request;
      }
    }
    return null;
  }

  /** Works on one part; false if there is none, or no core for it. */
  private boolean help() {
    SpreadRead request = find();
    if (request == null) {
      return false;
    }
    try {
      return atWork.incrementAndGet() <= cores && request.workOnPart();
    } finally {
      atWork.decrementAndGet();
    }
  }

  /** Sends the helpers home; requests are finished by their readers. */
  @Override
  public void close() {
    closed = true;
    for (int i = 0; i < helpers.length(); i++) {
      Helper helper = helpers.get(i);
      if (helper != null) {
        boolean _ = helper.wake();
      }
    }
  }

  private final class Helper implements Runnable {
    private final AtomicBoolean parked = new AtomicBoolean();
    private volatile @Nullable Thread thread;

    void start() {
      Thread started = threads.newThread(this);
      thread = started;
      started.start();
    }

    /** Whether it slept until now. */
    boolean wake() {
      boolean slept = parked.compareAndSet(true, false);
      if (slept) {
        LockSupport.unpark(thread);
      }
      return slept;
    }

    @Override
    public void run() {
      while (!closed) {
        if (!help()) {
          // said before the last look, so that an offer made meanwhile finds a helper to wake
          parked.set(true);
          if (find() == null || !isIdle()) {
            while (parked.get() && !closed) {
              LockSupport.park(Crew.this);
            }
          }
          parked.set(false);
        }
      }
    }
  }
}
