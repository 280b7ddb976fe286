package io.unsealfs.storage.chunk;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which chunks stay in memory: the one budget of all objects. What readers took completely goes
 * first (the kernel has it), then what they took in part, then what was fetched ahead and nobody
 * read; within each the longest unused. Guarded by the store's lock.
 *
 * <p>Of what readers took completely only a part of the budget stays even where there is room: for
 * readers who follow closely. More of it would hardly be asked for again, and a mount that is read
 * once would take all its memory from the system first, which costs more than the cipher.
 */
final class ChunkMemory {
  /** That part: one in so many bytes of the budget, and never less than two segments. */
  private static final int TAKEN_SHARE = 8;

  private static final long TAKEN_LEAST_BYTES = 2L * ChunkGrid.SEGMENT_BYTES;

  private final SlabPool pool;
  private final ChunkCounters counters;
  private final Consumer<StoredObject> dropped;
  private final ChunkList taken = new ChunkList();
  private final ChunkList touched = new ChunkList();
  private final ChunkList unread = new ChunkList();
  private long budgetBytes;
  private long reservedBytes;

  /**
   * An empty memory.
   *
   * @param dropped is told of each object of which a chunk was dropped
   */
  ChunkMemory(
      long budgetBytes, SlabPool pool, ChunkCounters counters, Consumer<StoredObject> dropped) {
    this.budgetBytes = budgetBytes;
    this.pool = pool;
    this.counters = counters;
    this.dropped = dropped;
  }

  long budgetBytes() {
    return budgetBytes;
  }

  /** Another budget, from now on; what is over it goes. */
  void resize(long bytes) {
    budgetBytes = bytes;
    makeRoom(0, true);
    pool.clear();
  }

  /**
   * Reserves room for a request's bytes before its slabs are taken.
   *
   * @param wanted whether somebody waits, so that also what was fetched ahead gives way
   * @return false if there is none
   */
  boolean reserve(long bytes, boolean wanted) {
    boolean fits = makeRoom(bytes, wanted);
    if (fits) {
      reservedBytes += bytes;
    }
    return fits;
  }

  /** The same where there is none, for what somebody waits for. */
  void reserveBeyond(long bytes) {
    reservedBytes += bytes;
  }

  /** The slabs for a reservation were taken, or will not be. */
  void unreserve(long bytes) {
    reservedBytes -= bytes;
  }

  /** Whether so many bytes more would fit if all that readers took were dropped. */
  private boolean makeRoom(long bytes, boolean demand) {
    while (pool.bytesInUse() + reservedBytes + bytes > budgetBytes) {
      Chunk victim = victim(demand);
      if (victim == null) {
        return false;
      }
      drop(victim);
    }
    return true;
  }

  private @Nullable Chunk victim(boolean demand) {
    Chunk victim = unused(taken);
    if (victim == null) {
      victim = unused(touched);
    }
    return victim == null && demand ? unused(unread) : victim;
  }

  private static @Nullable Chunk unused(ChunkList list) {
    for (Chunk chunk = list.first(); chunk != null; chunk = chunk.after) {
      if (chunk.interest == 0) {
        return chunk;
      }
    }
    return null;
  }

  /** {@code chunk} is whole. */
  void add(Chunk chunk) {
    listFor(chunk).add(chunk);
  }

  /** Readers took {@code bytes} of {@code chunk}. */
  void taken(Chunk chunk, int bytes) {
    if (chunk.takenBytes == 0 && !chunk.demanded) {
      counters.prefetchUsed.add(chunk.length);
    }
    chunk.takenBytes += bytes;
    chunk.demanded = true;
    if (chunk.list != null) {
      listFor(chunk).add(chunk);
    }
    dropTaken();
  }

  private void dropTaken() {
    long most = Math.max(TAKEN_LEAST_BYTES, budgetBytes / TAKEN_SHARE);
    while (taken.bytes() > most) {
      Chunk victim = unused(taken);
      if (victim == null) {
        return;
      }
      drop(victim);
    }
  }

  private ChunkList listFor(Chunk chunk) {
    if (!chunk.demanded) {
      return unread;
    }
    return chunk.takenBytes >= chunk.length ? taken : touched;
  }

  /** Drops {@code chunk}, which nobody uses. */
  void drop(Chunk chunk) {
    if (chunk.list == null) {
      return;
    }
    if (chunk.list == unread) {
      counters.prefetchWasted.add(chunk.length);
    }
    ChunkList.remove(chunk);
    chunk.object.remove(chunk);
    chunk.evict();
    counters.evictions.increment();
    dropped.accept(chunk.object);
  }
}
