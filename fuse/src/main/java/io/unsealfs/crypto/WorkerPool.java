package io.unsealfs.crypto;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A lock-free pool of cipher objects. Not thread-local: FUSE's native threads come and go, and each
 * would build its own. When every slot is taken a worker is simply made, or dropped, anew.
 */
final class WorkerPool<W> {
  private static final int SLOTS = 32;

  private final AtomicReferenceArray<@Nullable W> idle = new AtomicReferenceArray<>(SLOTS);
  private final Supplier<W> maker;
  private volatile boolean closed;

  WorkerPool(Supplier<W> maker) {
    this.maker = maker;
  }

  /**
   * An idle worker, or a new one.
   *
   * @throws IllegalStateException after {@link #close}
   */
  W take() {
    if (closed) {
      throw new IllegalStateException("the cipher was closed");
    }
    int start = start();
    for (int i = 0; i < SLOTS; i++) {
      int slot = (start + i) % SLOTS;
      if (idle.get(slot) != null) {
        W worker = idle.getAndSet(slot, null);
        if (worker != null) {
          return worker;
        }
      }
    }
    return maker.get();
  }

  void give(W worker) {
    int start = start();
    for (int i = 0; i < SLOTS && !closed; i++) {
      int slot = (start + i) % SLOTS;
      if (idle.compareAndSet(slot, null, worker)) {
        if (closed) {
          idle.set(slot, null);
        }
        return;
      }
    }
  }

  /** Drops every worker, so that the key schedules inside become unreachable. */
  void close() {
    closed = true;
    for (int i = 0; i < SLOTS; i++) {
      idle.set(i, null);
    }
  }

  /** Threads begin at different slots, so that they seldom fight for the same one. */
  private static int start() {
    return (int) (Thread.currentThread().threadId() % SLOTS);
  }
}
