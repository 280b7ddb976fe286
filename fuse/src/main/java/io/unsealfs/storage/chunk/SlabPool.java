package io.unsealfs.storage.chunk;

import io.unsealfs.os.BufferMemory;
import io.unsealfs.os.SystemCallException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Memory for chunks. Counts what is in use, which includes what was dropped while somebody still
 * copied from it; memory of a whole chunk is used again, other is small and an array.
 *
 * <p>That of whole chunks lies outside of the heap, where a socket can put bytes without a copy,
 * and where no collector moves it: that cost a tenth of the CPU time of a mount's first GiB. Who
 * decrypts copies into arrays either way.
 */
final class SlabPool {
  /** What may lie idle at least. */
  private static final int IDLE_LEAST = 64;

  private final int idleMost;
  private final Deque<BufferMemory> idle = new ArrayDeque<>(); // guarded by itself
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

  /** Memory of a whole chunk for a slab; its content is undefined. */
  BufferMemory memory() {
    BufferMemory memory;
    synchronized (idle) {
      memory = idle.poll();
    }
    return memory == null ? fresh() : memory;
  }

  private static BufferMemory fresh() {
    try {
      return BufferMemory.allocate(ChunkGrid.CHUNK_BYTES);
    } catch (SystemCallException e) {
      OutOfMemoryError none = new OutOfMemoryError(e.getMessage());
      none.initCause(e);
      throw none;
    }
  }

  /**
   * Takes back what nobody uses any more.
   *
   * @param memory of the slab; null for a small one, and for one that nobody ever used
   */
  void recycle(int length, @Nullable BufferMemory memory) {
    bytesInUse.addAndGet(-length);
    if (memory == null) {
      return;
    }
    synchronized (idle) {
      if (idle.size() < idleMost) {
        idle.push(memory);
        return;
      }
    }
    memory.close();
  }

  /** Bytes of all slabs that somebody uses. */
  long bytesInUse() {
    return bytesInUse.get();
  }

  /** Gives the idle memory back. */
  void clear() {
    List<BufferMemory> all;
    synchronized (idle) {
      all = List.copyOf(idle);
      idle.clear();
    }
    all.forEach(BufferMemory::close);
  }
}
