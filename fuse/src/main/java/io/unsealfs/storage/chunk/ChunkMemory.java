package io.unsealfs.storage.chunk;

import java.util.Collection;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which chunks stay in memory: the one budget of all objects. What readers took completely goes
 * first (the kernel has it), then what they took in part, then what was fetched ahead and nobody
 * read; within each the longest unused. Guarded by the store's lock.
 *
 * <p>Where segments are written to a disk, what readers took stays until the rest of its segment
 * has come, as far as the budget goes: many readers at a time would else each lose the begin of a
 * segment before its end comes, and nothing would ever be written. Where it does not go that far
 * whole segments are lost, so that others are not.
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

  /** Taken completely, but of segments that are not on the disk yet and are on their way there. */
  private final ChunkList unsaved = new ChunkList();

  private final ChunkList touched = new ChunkList();
  private final ChunkList unread = new ChunkList();
  private final AtomicLong budgetBytes;
  private long reservedBytes;
  private boolean saves;

  /**
   * An empty memory.
   *
   * @param budgetBytes what it may hold; changed by {@link #resize} only, read by others too
   * @param dropped is told of each object of which a chunk was dropped
   */
  ChunkMemory(
      AtomicLong budgetBytes,
      SlabPool pool,
      ChunkCounters counters,
      Consumer<StoredObject> dropped) {
    this.budgetBytes = budgetBytes;
    this.pool = pool;
    this.counters = counters;
    this.dropped = dropped;
  }

  long budgetBytes() {
    return budgetBytes.get();
  }

  /** Segments are written to a disk from now on, once all of each is in memory. */
  void save() {
    saves = true;
  }

  /** Another budget, from now on; what is over it goes. */
  void resize(long bytes) {
    budgetBytes.set(bytes);
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
    while (pool.bytesInUse() + reservedBytes + bytes > budgetBytes.get()) {
      Chunk victim = victim(demand);
      if (victim == null) {
        return false;
      }
      if (unsaved.equals(victim.list)) {
        lose(victim);
      } else {
        drop(victim);
      }
    }
    return true;
  }

  private @Nullable Chunk victim(boolean demand) {
    Chunk victim = unusedTaken();
    if (victim == null) {
      victim = unused(unsaved);
    }
    if (victim == null) {
      victim = unused(touched);
    }
    return victim == null && demand ? unused(unread) : victim;
  }

  /** What can go of the chunks that readers took completely; what is to be saved is set aside. */
  private @Nullable Chunk unusedTaken() {
    Chunk victim = unused(taken);
    while (victim != null && saves && willBeWhole(victim)) {
      unsaved.add(victim);
      victim = unused(taken);
    }
    return victim;
  }

  /** With one chunk its segment is lost for the disk: the others of it are kept for nothing. */
  private void lose(Chunk one) {
    counters.unsavedSegments.increment();
    StoredObject object = one.object;
    int segment = ChunkGrid.segmentOf(one.index);
    drop(one);
    int last = ChunkGrid.lastOf(segment, object.size());
    for (int i = ChunkGrid.firstOf(segment); i <= last; i++) {
      Chunk chunk = object.chunk(i);
      if (chunk != null && unsaved.equals(chunk.list)) {
        taken.add(chunk);
      }
    }
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
    long most = Math.max(TAKEN_LEAST_BYTES, budgetBytes.get() / TAKEN_SHARE);
    while (taken.bytes() > most) {
      Chunk victim = unusedTaken();
      if (victim == null) {
        return;
      }
      drop(victim);
    }
  }

  /**
   * Whether all that the segment of {@code chunk} lacks is still to come: it was asked for, or a
   * reader in sequence is not there yet. Asked once for each chunk that would go.
   */
  private static boolean willBeWhole(Chunk chunk) {
    StoredObject object = chunk.object;
    int segment = ChunkGrid.segmentOf(chunk.index);
    int first = ChunkGrid.firstOf(segment);
    int last = ChunkGrid.lastOf(segment, object.size());
    boolean coming = false;
    for (int i = first; i <= last; i++) {
      Chunk other = object.chunk(i);
      Chunk.State state = other == null ? Chunk.State.GONE : other.state();
      if (other != null && other.stored) {
        return false;
      }
      if (state != Chunk.State.COMING && state != Chunk.State.PRESENT) {
        return object.pattern().isReadIn(ChunkGrid.start(first), ChunkGrid.start(i));
      }
      // what has arrived a moment ago and was not noted yet counts as well
      coming |= state == Chunk.State.COMING || (other != null && other.fetch != null);
    }
    return coming;
  }

  /**
   * {@code chunks} were handed to the disk, or a reader of them went elsewhere: what was kept of
   * them for the disk goes as all else does.
   */
  void settle(Collection<Chunk> chunks) {
    if (unsaved.first() == null) {
      return;
    }
    for (Chunk chunk : chunks) {
      if (unsaved.equals(chunk.list)) {
        taken.add(chunk);
      }
    }
    dropTaken();
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
