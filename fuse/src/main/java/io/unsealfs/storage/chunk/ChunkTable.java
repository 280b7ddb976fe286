package io.unsealfs.storage.chunk;

import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.chunk.ReadPattern.Ahead;
import io.unsealfs.storage.object.ObjectVersion;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which chunks there are of which object, and what for: makes the requests for those that are
 * absent, but sends none. Its monitor, which is "the store's lock" of the other classes here, is
 * held for a moment at a time, never across a request, the disk or a copy.
 */
final class ChunkTable {
  /** One in so many requests may be doubled, and one before there were so many. */
  private static final int HEDGE_SHARE = 20;

  private final ChunkSettings settings;
  private final ChunkCounters counters;
  private final SlabPool pool;
  private final ChunkMemory memory;
  private final KnownObjects objects;
  private final Consumer<Chunk> whole;
  private final Consumer<Fetch> wanted;

  /**
   * An empty table.
   *
   * @param whole is told of each chunk that became whole, without the lock
   * @param wanted is told of a request that somebody waits for now
   */
  ChunkTable(
      ChunkSettings settings,
      ChunkCounters counters,
      Consumer<Chunk> whole,
      Consumer<Fetch> wanted) {
    this.settings = settings;
    this.counters = counters;
    this.pool = new SlabPool(settings.budgetBytes() / 4);
    AtomicLong budgetBytes = new AtomicLong(settings.budgetBytes());
    this.objects = new KnownObjects(settings, budgetBytes::get, counters);
    this.memory = new ChunkMemory(budgetBytes, pool, counters, objects::forgetIfUnused);
    this.whole = whole;
    this.wanted = wanted;
  }

  SlabPool pool() {
    return pool;
  }

  long budgetBytes() {
    return memory.budgetBytes();
  }

  synchronized void resize(long budgetBytes) {
    memory.resize(budgetBytes);
  }

  /** Segments are written to a disk from now on. */
  synchronized void save() {
    memory.save();
  }

  /** A reader of {@code object} went elsewhere: its segments may stay incomplete. */
  synchronized void settle(StoredObject object) {
    memory.settle(object.chunks());
  }

  /** One more user of {@code version}. */
  synchronized StoredObject open(ObjectVersion version) throws StaleSourceException {
    return objects.open(version);
  }

  /** One user less; true if that was the last. */
  synchronized boolean close(StoredObject object) {
    return objects.close(object);
  }

  /** What was found stale and is not, is asked for again; what is not listed is forgotten. */
  synchronized void admit(Predicate<ObjectVersion> current) {
    objects.admit(current, memory::drop);
  }

  /** Versions of objects that are known. */
  synchronized int objects() {
    return objects.size();
  }

  /**
   * Finds the chunks of a read and keeps them in memory; makes requests for those that are absent,
   * and for some behind them.
   *
   * @param held receives the chunks from {@code first} on; to be released also if this throws
   * @param orderedLast last chunk to be requested along
   * @return requests to be sent
   */
  synchronized List<Fetch> hold(
      StoredObject object, int first, @Nullable Chunk[] held, int orderedLast)
      throws StaleSourceException {
    int heldLast = first + held.length - 1;
    FetchCutter cutter = new FetchCutter(object, Priority.DEMAND, null, whole);
    // once, so that this never throws between making a request and handing it over
    StaleSourceException stale = object.stale();
    boolean refused = false;
    for (int i = first; i <= Math.max(orderedLast, heldLast); i++) {
      boolean asked = i <= heldLast;
      if (refused && !asked) {
        // the read fails: nothing is fetched along with it
        break;
      }
      Chunk chunk = usable(object, i);
      if (chunk == null) {
        if (stale != null && asked) {
          throw stale;
        }
        if (stale != null) {
          break;
        }
        chunk = cutter.add(i);
        if (asked) {
          counters.memoryMisses.increment();
        }
      } else if (asked) {
        refused |= chunk.state() == Chunk.State.FAILED;
        join(chunk);
        cutter.cut();
      } else {
        break;
      }
      if (asked) {
        chunk.interest++;
        chunk.demanded = true;
        held[i - first] = chunk;
      }
    }
    return cutter.finish();
  }

  private void join(Chunk chunk) {
    if (chunk.isPresent()) {
      counters.memoryHits.increment();
      return;
    }
    counters.memoryJoins.increment();
    Fetch fetch = chunk.fetch;
    if (fetch != null) {
      if (!chunk.demanded) {
        counters.prefetchUsed.add(chunk.length);
      }
      wanted.accept(fetch);
    }
  }

  /** The chunk in its place, unless it is gone or failed too long ago to answer for it. */
  private @Nullable Chunk usable(StoredObject object, int index) {
    Chunk chunk = object.chunk(index);
    if (chunk == null) {
      return null;
    }
    return switch (chunk.state()) {
      case COMING, PRESENT -> chunk;
      case GONE -> null;
      case FAILED -> objects.isAnswering(chunk) ? chunk : null;
    };
  }

  /** Whether all chunks of that range are in memory or on their way. */
  synchronized boolean hasAll(StoredObject object, int first, int last) {
    for (int i = first; i <= last; i++) {
      if (usable(object, i) == null) {
        return false;
      }
    }
    return true;
  }

  /**
   * What was ordered.
   *
   * @param to end of it, or of what is there already
   * @param fetches requests to be sent
   */
  record Ordered(long to, List<Fetch> fetches) {}

  /** Makes requests for what is absent of a range, for nobody who waits. */
  synchronized Ordered order(
      StoredObject object, Ahead ahead, Priority priority, @Nullable ReadStream stream) {
    int first = ChunkGrid.chunkOf(ahead.from());
    int last = ChunkGrid.chunkOf(ahead.to() - 1);
    int chunksPerPart = (int) Math.max(1, ahead.partBytes() / ChunkGrid.CHUNK_BYTES);
    long to = ahead.to();
    FetchCutter cutter = new FetchCutter(object, priority, stream, whole);
    for (int i = first; i <= last; i++) {
      boolean enough = stream != null && stream.requestsAhead >= settings.prefetchStreamsPerFile();
      if (enough || object.isStale()) {
        to = ChunkGrid.start(i);
        break;
      }
      if (usable(object, i) == null) {
        Chunk _ = cutter.add(i);
      } else {
        cutter.cut();
      }
      if ((i + 1) % chunksPerPart == 0) {
        cutter.cut();
      }
    }
    return new Ordered(to, cutter.finish());
  }

  /** A reader has no more use for a chunk that he took nothing of. */
  synchronized void letGo(Chunk chunk) {
    chunk.interest--;
  }

  /** A reader got the bytes from {@code offset} to {@code end} of what he held. */
  synchronized void release(long offset, long end, @Nullable Chunk[] held, int first) {
    for (int i = 0; i < held.length; i++) {
      Chunk chunk = held[i];
      if (chunk == null) {
        continue;
      }
      chunk.interest--;
      long start = ChunkGrid.start(first + i);
      long taken = Math.min(end, start + chunk.length) - Math.max(offset, start);
      if (taken > 0) {
        memory.taken(chunk, (int) taken);
      }
      if (chunk.interest == 0 && chunk.object.chunk(chunk.index) != chunk) {
        // taken out of its place while it was read
        chunk.evict();
      }
    }
  }

  /**
   * Reserves memory for a request that is about to begin. Where the budget is used up it is for
   * what readers wait for and nothing else; the rest of the request becomes requests ahead of them.
   *
   * @return the requests for that rest, to be sent; null if this one has to be given up. To be
   *     followed by {@link #land} otherwise
   */
  synchronized @Nullable List<Fetch> reserve(Fetch fetch) {
    boolean wanted = fetch.isWanted();
    if (memory.reserve(fetch.length(), wanted)) {
      return List.of();
    }
    List<Fetch> rest = fetch.insists ? List.of() : wanted ? narrow(fetch) : null;
    if (rest != null) {
      memory.reserveBeyond(fetch.length());
    }
    return rest;
  }

  /** Takes the slabs for which room was reserved. */
  void land(Fetch fetch) {
    try {
      fetch.land(pool, System.nanoTime());
    } finally {
      synchronized (this) {
        memory.unreserve(fetch.length());
      }
    }
  }

  /** Leaves {@code fetch} the chunks that readers wait for; null if there are none. */
  private @Nullable List<Fetch> narrow(Fetch fetch) {
    Chunk[] chunks = fetch.chunks();
    int from = 0;
    int to = chunks.length;
    while (from < to && !chunks[from].isWanted()) {
      from++;
    }
    while (to > from && !chunks[to - 1].isWanted()) {
      to--;
    }
    if (from == to) {
      return null;
    }
    List<Fetch> rest = new ArrayList<>(2);
    for (List<Chunk> run : fetch.narrow(from, to)) {
      if (!run.isEmpty() && !fetch.hedge) {
        rest.add(ahead(run, fetch.stream));
      }
      for (Chunk chunk : run) {
        if (chunk.attemptEnded(null, System.nanoTime())) {
          failed(chunk, false);
        }
      }
    }
    return rest;
  }

  private Fetch ahead(List<Chunk> run, @Nullable ReadStream stream) {
    Fetch fetch = new Fetch(run.toArray(new Chunk[0]), Priority.PREFETCH, stream, false, whole);
    run.forEach(chunk -> chunk.fetch = fetch);
    if (stream != null) {
      stream.requestsAhead++;
    }
    return fetch;
  }

  /**
   * The requests that are to bring chunks of {@code object} and that nobody waits for.
   *
   * @param stream only those ahead of this sequence; null for all
   */
  synchronized Set<Fetch> unwanted(StoredObject object, @Nullable ReadStream stream) {
    Set<Fetch> fetches = new HashSet<>();
    for (Chunk chunk : object.chunks()) {
      Fetch fetch = chunk.fetch;
      if (fetch != null && (stream == null || fetch.stream == stream) && !fetch.isWanted()) {
        fetches.add(fetch);
      }
    }
    return fetches;
  }

  /** All requests that are not over. */
  synchronized Set<Fetch> coming() {
    Set<Fetch> fetches = new HashSet<>();
    for (StoredObject object : objects.all()) {
      for (Chunk chunk : object.chunks()) {
        Fetch fetch = chunk.fetch;
        if (fetch != null) {
          fetches.add(fetch);
          Fetch rival = fetch.rival;
          if (rival != null) {
            fetches.add(rival);
          }
        }
      }
    }
    return fetches;
  }

  /** {@code chunk} became whole. */
  synchronized void arrived(Chunk chunk) {
    chunk.fetch = null;
    if (chunk.object.chunk(chunk.index) == chunk) {
      memory.add(chunk);
      if (!chunk.stored) {
        return;
      }
    }
    // whoever brought it to the disk was faster than this, or another one is in its place
    dropUnused(chunk);
  }

  /**
   * {@code chunk} became whole, and its segment is to be written if that did. In one step: between
   * two, memory that is short could take a part of what is complete.
   *
   * @return as {@link #holdSegment}
   */
  synchronized List<Chunk> arrivedForDisk(Chunk chunk) {
    arrived(chunk);
    return chunk.stored ? List.of() : holdSegment(chunk.object, ChunkGrid.segmentOf(chunk.index));
  }

  /** {@code chunk} will not come; a refusal that a reader meets answers for the next ones. */
  synchronized void failed(Chunk chunk, boolean refused) {
    chunk.fetch = null;
    if (!refused || !chunk.demanded) {
      chunk.object.remove(chunk);
    }
  }

  /** A request is over. */
  synchronized void over(Fetch fetch) {
    ReadStream stream = fetch.stream;
    if (stream != null) {
      stream.requestsAhead--;
    }
    objects.forgetIfUnused(fetch.object);
  }

  /** Makes the double of the request that is to bring {@code chunk}, if that is allowed. */
  synchronized @Nullable Fetch doubleOf(Chunk chunk) {
    Fetch first = chunk.fetch;
    if (first == null
        || first.doubled
        || !first.running
        || chunk.state() != Chunk.State.COMING
        || counters.hedges.sum() >= Math.max(1, counters.requests.sum() / HEDGE_SHARE)) {
      return null;
    }
    first.doubled = true;
    counters.hedges.increment();
    Fetch second = new Fetch(first.restFrom(chunk), Priority.DEMAND, null, true, whole);
    second.rival = first;
    first.rival = second;
    return second;
  }

  /** Drops chunks from {@code first} to {@code last} that were read and that nobody uses. */
  synchronized void drop(StoredObject object, int first, int last) {
    for (int i = first; i <= last; i++) {
      Chunk chunk = object.chunk(i);
      if (chunk != null && chunk.interest == 0 && chunk.demanded) {
        memory.drop(chunk);
      }
    }
  }

  /**
   * Puts a new chunk in place of one whose bytes are not authentic, unless that was done before:
   * whoever read the one before may look at what is there now.
   *
   * @return the request to be sent, none if another one is coming or came; null if the bytes cannot
   *     be had any more
   */
  synchronized @Nullable List<Fetch> replace(StoredObject object, int index) {
    Chunk chunk = object.chunk(index);
    if (chunk != null && chunk.refetched && chunk.isPresent()) {
      return List.of();
    }
    if (object.isStale()) {
      return null;
    }
    if (chunk != null && chunk.state() == Chunk.State.COMING && !isAtDisk(chunk)) {
      return List.of();
    }
    if (chunk != null) {
      // readers who still hold it keep its bytes
      ChunkList.remove(chunk);
      object.remove(chunk);
      if (chunk.interest == 0) {
        chunk.evict();
      }
    }
    counters.distrusted.increment();
    FetchCutter cutter = new FetchCutter(object, Priority.DEMAND, null, whole);
    Chunk fresh = cutter.add(index);
    fresh.refetched = true;
    fresh.demanded = true;
    return cutter.finish();
  }

  /** What comes from the disk may be of a file that was opened before it was distrusted. */
  private static boolean isAtDisk(Chunk chunk) {
    Fetch fetch = chunk.fetch;
    return fetch != null && fetch.atDisk;
  }

  /**
   * All chunks of a segment, kept in memory for the caller; empty unless all are there, new, and
   * not what {@link #pin} keeps for somebody else who writes them.
   */
  synchronized List<Chunk> holdSegment(StoredObject object, int segment) {
    int first = ChunkGrid.firstOf(segment);
    int last = ChunkGrid.lastOf(segment, object.size());
    List<Chunk> chunks = new ArrayList<>(last - first + 1);
    for (int i = first; i <= last; i++) {
      Chunk chunk = object.chunk(i);
      if (chunk == null || chunk.stored || chunk.warming > 0 || !chunk.isPresent()) {
        return List.of();
      }
      chunks.add(chunk);
    }
    for (Chunk chunk : chunks) {
      chunk.interest++;
      chunk.stored = true;
    }
    return chunks;
  }

  /**
   * Lets go of what {@link #holdSegment} kept, and of what was fetched for the disk only.
   *
   * @param written whether it is on the disk now; if not, somebody else may try
   */
  synchronized void releaseSegment(List<Chunk> chunks, boolean written) {
    for (Chunk chunk : chunks) {
      chunk.interest--;
      chunk.stored = written;
      dropUnused(chunk);
    }
    memory.settle(chunks);
  }

  /**
   * A segment on its way to the disk.
   *
   * @param chunks all of it, kept in memory until {@link #unpin}
   * @param fetches requests to be sent
   */
  record Pinned(List<Chunk> chunks, List<Fetch> fetches) {}

  /**
   * Keeps a segment in memory, what is there of it and what will come, and makes requests for what
   * is absent, behind all that readers want.
   *
   * @param insists whether what readers have not read yet may have to go for it
   * @throws StaleSourceException if a part of it cannot be had any more
   */
  synchronized Pinned pin(StoredObject object, int segment, boolean insists)
      throws StaleSourceException {
    int first = ChunkGrid.firstOf(segment);
    int last = ChunkGrid.lastOf(segment, object.size());
    StaleSourceException stale = object.stale();
    for (int i = first; i <= last && stale != null; i++) {
      if (usable(object, i) == null) {
        throw stale;
      }
    }
    List<Chunk> chunks = new ArrayList<>(last - first + 1);
    FetchCutter cutter = new FetchCutter(object, Priority.WARM, null, whole);
    for (int i = first; i <= last; i++) {
      Chunk chunk = usable(object, i);
      if (chunk == null) {
        chunk = cutter.add(i);
        chunk.forDisk = true;
      } else {
        cutter.cut();
      }
      chunk.interest++;
      chunk.warming++;
      chunks.add(chunk);
    }
    List<Fetch> fetches = cutter.finish();
    fetches.forEach(fetch -> fetch.insists = insists);
    return new Pinned(chunks, fetches);
  }

  /**
   * Lets go of what {@link #pin} kept.
   *
   * @param written whether it is on the disk now
   */
  synchronized void unpin(List<Chunk> chunks, boolean written) {
    for (Chunk chunk : chunks) {
      chunk.interest--;
      chunk.warming--;
      chunk.stored |= written;
      dropUnused(chunk);
    }
    memory.settle(chunks);
  }

  /** Nobody needs it: it goes if it was brought for the disk only, or is not in its place. */
  private void dropUnused(Chunk chunk) {
    if (chunk.interest > 0) {
      return;
    }
    if (chunk.object.chunk(chunk.index) != chunk) {
      chunk.evict();
    } else if (chunk.forDisk && !chunk.demanded) {
      memory.drop(chunk);
    }
  }

  /** Whether none of {@code chunks}, which the caller keeps in memory, was distrusted. */
  synchronized boolean areInPlace(List<Chunk> chunks) {
    return chunks.stream().allMatch(chunk -> chunk.object.chunk(chunk.index) == chunk);
  }

  /** The chunks of {@code fetch} are on the disk already. */
  synchronized void markStored(Fetch fetch) {
    for (Chunk chunk : fetch.chunks()) {
      chunk.stored = true;
    }
  }
}
