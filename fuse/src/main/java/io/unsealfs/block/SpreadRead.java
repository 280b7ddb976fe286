package io.unsealfs.block;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One large request cut into parts, runs of blocks that whoever comes first takes: the reader
 * himself, and helpers if cores are idle. Parts are taken in order, so that of several failures the
 * one that comes first in the file is known to have been met; the request fails with it.
 */
final class SpreadRead {
  /** How often a reader looks for the last parts before he sleeps: about what a part takes. */
  private static final int SPINS = 2000;

  private final StoredBlocks blocks;
  private final long first;
  private final int count;
  private final int blocksPerPart;
  private final byte[] into;
  private final int at;
  private final int parts;
  private final Thread reader = Thread.currentThread();
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger unfinished;
  private @Nullable Throwable failure; // guarded by this, as is the next
  private int failedPart = Integer.MAX_VALUE;

  /** A request for {@code count} blocks; the file is in use by the caller until it is done. */
  SpreadRead(StoredBlocks blocks, long first, int count, int blocksPerPart, byte[] into, int at) {
    this.blocks = blocks;
    this.first = first;
    this.count = count;
    this.blocksPerPart = blocksPerPart;
    this.into = into;
    this.at = at;
    this.parts = Math.ceilDiv(count, blocksPerPart);
    this.unfinished = new AtomicInteger(parts);
  }

  /** Does all parts, with what help there is; nobody touches the buffer once this returns. */
  void run(Crew crew) throws IOException {
    int slot = crew.offer(this, parts);
    try {
      while (workOnPart()) {
        // until the last is taken
      }
    } finally {
      crew.withdraw(slot);
      awaitOthers();
    }
    synchronized (this) {
      if (failure instanceof IOException e) {
        throw e;
      }
      if (failure instanceof Error e) {
        throw e;
      }
      if (failure instanceof RuntimeException e) {
        throw e;
      }
    }
  }

  boolean hasParts() {
    return next.get() < parts;
  }

  /** Takes a part and does it; false if none is left. */
  boolean workOnPart() {
    int part = next.get() < parts ? next.getAndIncrement() : parts;
    if (part >= parts) {
      return false;
    }
    try {
      int done = part * blocksPerPart;
      blocks.readRun(
          first + done,
          Math.min(blocksPerPart, count - done),
          into,
          at + done * blocks.plaintextBlockSize());
    } catch (Throwable e) {
      // A helper's failure belongs to the reader, whatever it is.
      fail(part, e);
    } finally {
      if (unfinished.decrementAndGet() == 0) {
        LockSupport.unpark(reader);
      }
    }
    return true;
  }

  private void fail(int part, Throwable why) {
    synchronized (this) {
      if (part < failedPart) {
        failedPart = part;
        failure = why;
      }
    }
    // What has not been taken is not worth doing: it counts as finished.
    int untaken = parts - Math.min(parts, next.getAndSet(parts));
    unfinished.addAndGet(-untaken);
  }

  /** Not to be interrupted: a helper may still write into the buffer. */
  private void awaitOthers() {
    boolean interrupted = false;
    for (int spins = 0; unfinished.get() > 0; spins++) {
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
    }
    if (interrupted) {
      reader.interrupt();
    }
  }
}
