package io.unsealfs.storage.chunk;

import io.unsealfs.os.BufferMemory;
import io.unsealfs.os.SystemCallException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Memory for chunks. Counts what is in use, which includes what was dropped while somebody still
 * copied from it; memory of a whole chunk is used again, other is small.
 *
 * <p>It lies outside of the heap, where a socket can put bytes without a copy, and where no
 * collector moves it: that cost a tenth of the CPU time of a mount's first GiB. Who decrypts copies
 * into arrays either way. It goes with the collection after the last reference to it.
 */
final class SlabPool {
  /** What may lie idle at least. */
  private static final int IDLE_LEAST = 64;

  private final int idleMost;
  private final Deque<ByteBuffer> idle = new ArrayDeque<>(); // guarded by itself
  private final AtomicLong bytesInUse = new AtomicLong();

  /**
   * An empty pool.
   *
   * @param idleBytes what may lie idle: requests under way end in turns and begin together, and a
   *     new memory is cleared by the system and by Java
   */
  SlabPool(long idleBytes) {
    this.idleMost = Math.clamp(idleBytes / ChunkGrid.CHUNK_BYTES, IDLE_LEAST, 1 << 16);
  }

  /** A slab for {@code length} bytes, used by the caller; counts from now on. */
  Slab take(int length) {
    bytesInUse.addAndGet(length);
    return new Slab(length, this);
  }

  /** The memory of a slab; its content is undefined. */
  ByteBuffer memory(int length) {
    ByteBuffer memory = null;
    if (length == ChunkGrid.CHUNK_BYTES) {
      synchronized (idle) {
        memory = idle.poll();
      }
    }
    return memory == null ? fresh(length) : memory;
  }

  private static ByteBuffer fresh(int length) {
    try {
      return BufferMemory.allocate(length);
    } catch (SystemCallException e) {
      // there, as short of memory, it fails like an array that cannot be had
      throw new IllegalStateException("no memory for a chunk", e);
    }
  }

  /** Takes back what nobody uses any more; null if nobody ever did. */
  void recycle(int length, @Nullable ByteBuffer ciphertext) {
    bytesInUse.addAndGet(-length);
    if (ciphertext != null && length == ChunkGrid.CHUNK_BYTES) {
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

  /** Lets the idle memory go. */
  void clear() {
    synchronized (idle) {
      idle.clear();
    }
  }
}
