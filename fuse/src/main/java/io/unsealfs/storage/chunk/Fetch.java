package io.unsealfs.storage.chunk;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.RangeSink;
import io.unsealfs.storage.object.StoreProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request for a run of chunks of one segment, until all its tries are over. It belongs to the
 * store and not to the reader who caused it: he may leave, others may have joined.
 *
 * <p>Bytes land in slabs of its own and are shown to the chunks as they arrive. A repetition begins
 * at the first byte that is missing.
 */
final class Fetch implements RangeSink {
  final StoredObject object;
  final Cancellation cancellation = new Cancellation();

  /** The sequence it runs ahead of, if it does. */
  final @Nullable ReadStream stream;

  /** Whether it doubles another one. */
  final boolean hedge;

  /** Used by the reading thread only. */
  private StoreProtocolException.@Nullable Fault broken;

  /** Guarded by the store's lock: whether it was doubled. */
  boolean doubled;

  /** Guarded by the store's lock: gets its memory like what somebody waits for. */
  boolean insists;

  /** Changed by the queue only: its rank; better once somebody waits. */
  volatile Priority priority;

  /** Guarded by the queue: whether it waits for its turn. */
  boolean queued;

  /** Guarded by the queue: places it has among those that run; two while one try ends late. */
  int places;

  /** Guarded by the queue: whether somebody began to wait for it while it ran. */
  boolean promoted;

  /** The other one of a pair, once there is one. */
  volatile @Nullable Fetch rival;

  /** Whether a request is under way now. */
  volatile boolean running;

  /** Changed under the store's lock only, and only while it has no slabs. */
  private volatile Chunk[] chunks;

  /** Whether it is to come from the disk, as far as is known. */
  volatile boolean atDisk;

  private final Consumer<Chunk> whole;
  private Slab @Nullable [] landing; // below: by whoever runs it, one after the other
  private int current;
  private int filled;
  private @Nullable ByteBuffer room;
  private int failedTries;
  private long firstTryNanos;

  /** The chunk that was asked for again, since what came was not what it has to be. */
  private @Nullable Chunk suspect;

  /** Why chunks were given up that others of this request have no part in. */
  private @Nullable Map<Chunk, IOException> refusals;

  /**
   * A request for {@code chunks}, which are adjacent and of one segment.
   *
   * @param whole is told of each chunk that became whole through this request
   */
  Fetch(
      Chunk[] chunks,
      Priority priority,
      @Nullable ReadStream stream,
      boolean hedge,
      Consumer<Chunk> whole) {
    this.chunks = chunks;
    this.object = chunks[0].object;
    this.priority = priority;
    this.stream = stream;
    this.hedge = hedge;
    this.whole = whole;
    for (Chunk chunk : chunks) {
      chunk.expect();
    }
  }

  Chunk[] chunks() {
    return chunks;
  }

  int segment() {
    return ChunkGrid.segmentOf(chunks[0].index);
  }

  /** Bytes of all its chunks. */
  long length() {
    Chunk last = chunks[chunks.length - 1];
    return ChunkGrid.start(last.index) + last.length - ChunkGrid.start(chunks[0].index);
  }

  /** Under the store's lock: whether somebody waits for a part of it. */
  boolean isWanted() {
    if (priority == Priority.DEMAND || insists) {
      return true;
    }
    for (Chunk chunk : chunks) {
      if (chunk.isWanted()) {
        return true;
      }
    }
    return false;
  }

  /** Chunks from {@code chunk} on that are still to come. */
  Chunk[] restFrom(Chunk chunk) {
    int from = chunk.index - chunks[0].index;
    int to = from;
    while (to < chunks.length && !chunks[to].isPresent()) {
      to++;
    }
    return Arrays.copyOfRange(chunks, from, Math.max(to, from + 1));
  }

  /**
   * Keeps the chunks from {@code from} to {@code to}, exclusive, before it has slabs. Under the
   * store's lock.
   *
   * @return those before and those behind, which it brings no longer
   */
  List<List<Chunk>> narrow(int from, int to) {
    List<Chunk> all = List.of(chunks);
    chunks = all.subList(from, to).toArray(new Chunk[0]);
    return List.of(all.subList(0, from), all.subList(to, all.size()));
  }

  boolean isLanded() {
    return landing != null;
  }

  /** Gives its slabs back, if nothing is in them so far: it takes others when it goes on. */
  void takeOff() {
    if (current == 0 && filled == 0) {
      releaseSlabs();
    }
  }

  /** Takes its slabs. */
  void land(SlabPool pool, long nowNanos) {
    @Nullable Slab[] slabs = new @Nullable Slab[chunks.length];
    boolean complete = false;
    try {
      Slab[] taken = new Slab[chunks.length];
      for (int i = 0; i < slabs.length; i++) {
        taken[i] = pool.take(chunks[i].length);
        slabs[i] = taken[i];
      }
      landing = taken;
      complete = true;
    } finally {
      for (int i = 0; i < slabs.length && !complete; i++) {
        Slab slab = slabs[i];
        if (slab != null) {
          slab.release();
        }
      }
    }
    if (failedTries == 0) {
      firstTryNanos = nowNanos;
    }
  }

  /** The slab of the chunk at {@code index} of this request, before it is shown. */
  Slab landing(int index) {
    Slab[] slabs = landing;
    if (slabs == null) {
      throw new IllegalStateException("a request without slabs");
    }
    return slabs[index];
  }

  /** Whether what is in all the slabs, from elsewhere than the store, is what it has to be. */
  boolean isAuthentic() {
    for (int i = 0; i < chunks.length; i++) {
      if (!object.isAuthentic(chunks[i], landing(i))) {
        return false;
      }
    }
    return true;
  }

  /** All bytes are in the slabs, from elsewhere than the store. */
  void showAll() {
    for (current = 0; current < chunks.length; current++) {
      if (chunks[current].arrived(landing(current), chunks[current].length)) {
        whole.accept(chunks[current]);
      }
    }
  }

  /** First byte that is still to come. */
  long position() {
    if (current == chunks.length) {
      return ChunkGrid.start(chunks[0].index) + length();
    }
    return ChunkGrid.start(chunks[0].index + current) + filled;
  }

  /** Bytes still to come. */
  long remaining() {
    return ChunkGrid.start(chunks[0].index) + length() - position();
  }

  /**
   * What came for a chunk is not what it has to be. It was shown to nobody; it is asked for again,
   * or given up if it was before.
   *
   * @param why it is given up
   * @return whether it is asked for again
   */
  boolean askAgain(IOException why) {
    Chunk chunk = chunks[current];
    if (suspect != chunk) {
      suspect = chunk;
      return true;
    }
    Map<Chunk, IOException> all = refusals == null ? new HashMap<>() : refusals;
    all.put(chunk, why);
    refusals = all;
    next();
    return false;
  }

  private void next() {
    current++;
    filled = 0;
    room = null;
  }

  /** Skips chunks that a rival brought meanwhile; one that was refused begins anew. */
  void skipPresent() {
    if (current < chunks.length && filled == chunks[current].length) {
      filled = 0;
      room = null;
    }
    while (current < chunks.length && chunks[current].isPresent()) {
      next();
    }
  }

  @Override
  public void asksAgain(StoreProtocolException.Fault fault) {
    broken = fault;
  }

  /** Why the last try asked the store twice; null if it did not. Forgets it. */
  StoreProtocolException.@Nullable Fault takeBroken() {
    StoreProtocolException.Fault why = broken;
    broken = null;
    return why;
  }

  @Override
  public ByteBuffer room() {
    ByteBuffer buffer = room;
    if (buffer == null || !buffer.hasRemaining()) {
      buffer = landing(current).ciphertext().slice(filled, chunks[current].length - filled);
      room = buffer;
    }
    return buffer;
  }

  @Override
  public void arrived(int count) throws IntegrityException {
    Chunk chunk = chunks[current];
    filled += count;
    if (object.isPinned()) {
      if (filled < chunk.length) {
        return; // shown as a whole, once it is known to be right
      }
      if (!object.isAuthentic(chunk, landing(current))) {
        throw forged(chunk);
      }
    }
    if (chunk.arrived(landing(current), filled)) {
      whole.accept(chunk);
    }
    if (filled == chunk.length) {
      next();
    }
  }

  private static IntegrityException forged(Chunk chunk) {
    return new IntegrityException(
        chunk.object.toString(),
        ChunkGrid.start(chunk.index),
        "chunk "
            + chunk.index
            + " is not what the manifest says: the object was changed or rolled back in the store,"
            + " or a cache in between is bad");
  }

  /** Whether nothing of it is still to come, from whoever it was. */
  boolean isCovered() {
    for (Chunk chunk : chunks) {
      if (chunk.state() == Chunk.State.COMING) {
        return false;
      }
    }
    return true;
  }

  /**
   * One more try failed.
   *
   * @param broughtBytes how far it came; a try that brought a whole chunk does not count
   * @return tries that failed since the last one that brought something
   */
  int failedOnce(long broughtBytes) {
    failedTries = broughtBytes >= ChunkGrid.CHUNK_BYTES ? 1 : failedTries + 1;
    return failedTries;
  }

  long firstTryNanos() {
    return firstTryNanos;
  }

  /**
   * It is over; its slabs are the chunks' alone from now on.
   *
   * @param cause why it was refused; null if it succeeded or was given up
   * @param ended is told of each chunk that will not come
   */
  void end(@Nullable IOException cause, long nowNanos, Consumer<Chunk> ended) {
    for (Chunk chunk : chunks) {
      if (chunk.attemptEnded(refusalOf(chunk, cause), nowNanos)) {
        ended.accept(chunk);
      }
    }
    releaseSlabs();
  }

  private @Nullable IOException refusalOf(Chunk chunk, @Nullable IOException ofAll) {
    Map<Chunk, IOException> all = refusals;
    return all == null ? ofAll : all.getOrDefault(chunk, ofAll);
  }

  private void releaseSlabs() {
    Slab[] slabs = landing;
    landing = null;
    room = null;
    if (slabs != null) {
      for (Slab slab : slabs) {
        slab.release();
      }
    }
  }

  @Override
  public String toString() {
    return object + " chunks " + chunks[0].index + "+" + chunks.length + " for " + priority;
  }
}
