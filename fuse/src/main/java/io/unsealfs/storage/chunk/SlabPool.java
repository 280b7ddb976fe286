package io.unsealfs.storage.chunk;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Arrays for chunks. Counts what is in use, which includes what was dropped while somebody still
 * copied from it; arrays of a whole chunk are used again, others are small.
 */
final class SlabPool {
  /** What may lie idle at least. */
  private static final int IDLE_LEAST = 64;

  private final int idleMost;
  private final Deque<byte[]> idle = new ArrayDeque<>(); // guarded by itself
  private final AtomicLong bytesInUse = new AtomicLong();

  /**
   * An empty pool.
   *
   * @param idleBytes what may lie idle: requests under way end in turns and begin together, and a
   *     new array is cleared by the system, by Java, and moved by the collector
   */
  SlabPool(long idleBytes) {
    this.idleMost = Math.clamp(idleBytes / ChunkGrid.CHUNK_BYTES, IDLE_LEAST, 1 << 16);
  }

  /** A slab of {@code length} bytes of undefined content, used by the caller. */
  Slab take(int length) {
    byte[] array = null;
    if (length == ChunkGrid.CHUNK_BYTES) {
      synchronized (idle) {
        array = idle.poll();
      }
    }
    Slab slab = new Slab(array == null ? new byte[length] : array, this);
    bytesInUse.addAndGet(length);
    return slab;
  }

  /** Takes back what nobody uses any more. */
  void recycle(byte[] ciphertext) {
    bytesInUse.addAndGet(-ciphertext.length);
    if (ciphertext.length == ChunkGrid.CHUNK_BYTES) {
      synchronized (idle) {
        if (idle.size() < idleMost) {
          idle.push(ciphertext);
        }
      }
    }
  }

  /** Bytes of all slabs that somebody uses. */
  long bytesInUse() {
    return bytesInUse.get();
  }

  /** Lets the idle arrays go. */
  void clear() {
    synchronized (idle) {
      idle.clear();
    }
  }
}
