package io.unsealfs.block;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Idle byte arrays of one length, a bounded number of them. Lock-free; a thread looks first where
 * it put its last one, so that a fixed worker in effect owns its arrays, warm in its core's cache.
 * Not thread-local: FUSE's native threads come and go. Arrays are wiped when the pool lets go of
 * them.
 */
final class BufferPool {
  /** What may lie idle in one pool; a burst of loads beyond it allocates. */
  private static final int IDLE_BYTES = 8 << 20;

  private static final int IDLE_BUFFERS = 64;

  private final int length;
  private final AtomicReferenceArray<byte[]> idle;

  /** An empty pool of arrays of {@code length} bytes. */
  BufferPool(int length) {
    this.length = length;
    this.idle = new AtomicReferenceArray<>(Math.clamp(IDLE_BYTES / length, 4, IDLE_BUFFERS));
  }

  /** An array of the pool's length, of undefined content. */
  byte[] take() {
    int slots = idle.length();
    int start = start();
    for (int i = 0; i < slots; i++) {
      int slot = (start + i) % slots;
      if (idle.getPlain(slot) != null) {
        byte[] buffer = idle.getAndSet(slot, null);
        if (buffer != null) {
          return buffer;
        }
      }
    }
    return new byte[length];
  }

  /** An array of exactly {@code wanted} bytes: a pooled one if that is the pool's length. */
  byte[] take(int wanted) {
    return wanted == length ? take() : new byte[wanted];
  }

  /**
   * Gives back what the pool lent; it must not be used afterwards. Arrays of other lengths are
   * dropped, so that the short extent of a small file costs its own size only.
   */
  void give(byte[] buffer) {
    if (buffer.length != length) {
      return;
    }
    int slots = idle.length();
    int start = start();
    for (int i = 0; i < slots; i++) {
      if (idle.compareAndSet((start + i) % slots, null, buffer)) {
        return;
      }
    }
    Arrays.fill(buffer, (byte) 0);
  }

  /** Wipes the idle arrays and lets them go. */
  void clear() {
    for (int i = 0; i < idle.length(); i++) {
      byte[] buffer = idle.getAndSet(i, null);
      if (buffer != null) {
        Arrays.fill(buffer, (byte) 0);
      }
    }
  }

  private int start() {
    return (int) (Thread.currentThread().threadId() % idle.length());
  }
}
