package io.unsealfs.os;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the users of something that is released once, after it was closed and its last user left.
 * A native address or a descriptor number that was given back may belong to somebody else the next
 * moment, so nobody may start using it after the close and nobody may still be in it at the
 * release. Lock-free: users may be inside for as long as an I/O takes.
 */
final class InUse {
  private static final int CLOSED = Integer.MIN_VALUE;

  private final AtomicInteger state = new AtomicInteger();

  /** Starts a use; false, and no use, once closed. */
  boolean enter() {
    while (true) {
      int now = state.get();
      if (now < 0) {
        return false;
      }
      if (state.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }

  /** Ends a use; true for the one caller that has to release. */
  boolean leave() {
    return state.decrementAndGet() == CLOSED;
  }

  /** Closes; true for the one caller that has to release, if nobody is inside. */
  boolean close() {
    while (true) {
      int now = state.get();
      if (now < 0) {
        return false;
      }
      if (state.compareAndSet(now, now | CLOSED)) {
        return now == 0;
      }
    }
  }

  /** Whether {@link #close} was called. */
  boolean closed() {
    return state.get() < 0;
  }
}
