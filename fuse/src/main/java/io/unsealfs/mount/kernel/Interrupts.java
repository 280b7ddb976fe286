package io.unsealfs.mount.kernel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Requests whose askers were interrupted, the last few of them. A worker has taken a request from
 * the kernel a moment before it says so; an interrupt that arrives in between would be lost. So it
 * is written down first, then looked for among the workers, and a worker that begins a request
 * looks here: one of the two finds the other. Request numbers are never used twice, so entries that
 * nobody needs any more do no harm.
 */
final class Interrupts {
  private static final int REMEMBERED = 16;

  private final AtomicLongArray uniques = new AtomicLongArray(REMEMBERED);
  private final AtomicInteger next = new AtomicInteger();

  /** Notes an interrupt of this request. */
  void note(long unique) {
    uniques.set(Math.floorMod(next.getAndIncrement(), REMEMBERED), unique);
  }

  /** Whether this request was interrupted lately. */
  boolean contains(long unique) {
    if (next.get() == 0) {
      return false;
    }
    for (int i = 0; i < REMEMBERED; i++) {
      if (uniques.get(i) == unique) {
        return true;
      }
    }
    return false;
  }
}
