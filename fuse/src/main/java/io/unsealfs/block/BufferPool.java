package io.unsealfs.block;

import java.util.concurrent.ArrayBlockingQueue;

/**
 * Idle byte arrays of one length, a bounded number of them. Arrays of other lengths are made and
 * dropped, so that the short extent of a small file costs its own size only. The pool wipes
 * nothing: whoever gives back plaintext wipes it first.
 */
final class BufferPool {
  /** What may lie idle in one pool; a burst of loads beyond it allocates. */
  private static final int IDLE_BYTES = 8 << 20;

  private static final int IDLE_BUFFERS = 64;

  private final int length;
  private final ArrayBlockingQueue<byte[]> idle;

  /** An empty pool of arrays of {@code length} bytes. */
  BufferPool(int length) {
    this.length = length;
    this.idle = new ArrayBlockingQueue<>(Math.clamp(IDLE_BYTES / length, 4, IDLE_BUFFERS));
  }

  /** An array of exactly {@code wanted} bytes, of undefined content. */
  byte[] take(int wanted) {
    byte[] buffer = wanted == length ? idle.poll() : null;
    return buffer == null ? new byte[wanted] : buffer;
  }

  /** Gives back what {@link #take} lent; it must not be used afterwards. */
  void give(byte[] buffer) {
    if (buffer.length == length) {
      idle.offer(buffer);
    }
  }

  void clear() {
    idle.clear();
  }
}
