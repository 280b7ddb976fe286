package io.unsealfs.storage.chunk;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sees in the reads of one object, whoever makes them through whatever descriptor, what will be
 * read next: up to eight sequences at once, and reads in equal steps. Says what to fetch for a read
 * that waits and what ahead of it. Thread-safe.
 */
final class ReadPattern {
  /** Sequences of one object at a time. */
  private static final int STREAMS = 8;

  /** A read belongs to a sequence that far behind and ahead of where it should begin. */
  private static final long BEHIND_BYTES = 1 << 20;

  private static final long AHEAD_BYTES = 2 << 20;

  /**
   * And that far behind where it is known to be one. The kernel asks for several megabytes at once,
   * each of which is read and decrypted piece by piece beside the others: the first pieces of the
   * last come before the last pieces of the first.
   */
  private static final long PIECES_BEHIND_BYTES = 8 << 20;

  /** A reader who skips that far is still the same one. */
  private static final long SKIP_BYTES = 16 << 20;

  /** Reads after which a sequence is one. */
  private static final int SEQUENTIAL_READS = 3;

  /** Bytes that a sequence brought before anything is fetched ahead of it. */
  private static final long SEQUENTIAL_BYTES = 256 << 10;

  /** A sequence took at least this share of what it went past: others only passed by. */
  private static final int LEAST_SHARE = 4;

  private static final long FIRST_WINDOW_BYTES = 8 << 20;

  /**
   * How much larger a window is than the one before, and the share of that which was asked for by
   * then. Until windows are large, what is under way is little, and the reader waits a round trip
   * for each: two steps lead from the first to the largest.
   */
  private static final int GROWTH = 4;

  private static final int GROWTH_SHARE = 4;

  /** Requests a window is cut into, so that a young one already uses several connections. */
  private static final int PARTS_OF_WINDOW = 8;

  /** Smallest request ahead. */
  private static final long LEAST_PART_BYTES = 1 << 20;

  /** Equal steps after which they count as such, and how many are fetched ahead. */
  private static final int STRIDES_SEEN = 2;

  private static final int STRIDES_AHEAD = 4;

  /** Small reads in a row that continue nothing, after which little is fetched for one. */
  private static final int SCATTERED_READS = 4;

  private static final int SMALL_READ_BYTES = 256 << 10;

  /** Objects up to this size are fetched as a whole. */
  static final long WHOLE_BYTES = 8 << 20;

  /**
   * Bytes to fetch.
   *
   * @param from first one
   * @param to end
   * @param partBytes most in one request
   */
  record Ahead(long from, long to, long partBytes) {}

  /**
   * What a read is worth.
   *
   * @param demandEnd end of what is to be fetched for the read itself, at least its own end
   * @param ahead what is to be fetched ahead, in order
   * @param stream the sequence that does so
   * @param abandoned a sequence that is over: what it asked for and nobody waits for can go
   * @param sequential whether it continues what is known to be a sequence
   */
  record Plan(
      long demandEnd,
      List<Ahead> ahead,
      @Nullable ReadStream stream,
      @Nullable ReadStream abandoned,
      boolean sequential) {}

  private final long size;
  private final ChunkSettings settings;
  private final LongSupplier budgetBytes;
  private final AtomicLong activeStreams;
  private final ChunkCounters counters;
  private final List<ReadStream> streams = new ArrayList<>(); // guarded by this, like all below
  private int scattered;
  private long uses;

  /**
   * The reads of an object of {@code size} bytes.
   *
   * @param budgetBytes what chunks may take in memory now; asked at each window, so no lock
   * @param counters its streams share the budget of the window with those of all other objects
   */
  ReadPattern(long size, ChunkSettings settings, LongSupplier budgetBytes, ChunkCounters counters) {
    this.size = size;
    this.settings = settings;
    this.budgetBytes = budgetBytes;
    this.counters = counters;
    this.activeStreams = counters.activeStreams;
  }

  /** Notes a read of {@code length} bytes, at least one, that lies within the object. */
  synchronized Plan reading(long offset, int length) {
    long end = offset + length;
    ReadStream stream = find(offset);
    ReadStream abandoned = null;
    if (stream == null) {
      if (streams.size() == STREAMS) {
        abandoned = oldest();
        end(abandoned);
      }
      stream = new ReadStream(offset);
      streams.add(stream);
      scattered = length <= SMALL_READ_BYTES ? scattered + 1 : 0;
    }
    stream.lastUse = ++uses;
    boolean skipped = offset > stream.next + AHEAD_BYTES;
    if (skipped && offset > stream.frontier) {
      // what was asked for behind the new place is of no use; the sequence has to prove itself
      noteStride(stream, offset);
      if (stream.windowBytes > 0) {
        counters.prefetchResets.increment();
        abandoned = stream;
        deactivate(stream);
      }
      scattered = length <= SMALL_READ_BYTES ? scattered + 1 : 0;
      stream.reads = 0;
      stream.consumedBytes = 0;
      stream.start = offset;
      stream.next = offset;
      stream.frontier = offset;
    }
    stream.consumedBytes += Math.max(0, end - Math.max(stream.next, offset));
    stream.next = Math.max(stream.next, end);
    stream.lastOffset = offset;
    stream.reads++;
    return plan(stream, offset, end, abandoned);
  }

  private Plan plan(ReadStream stream, long offset, long end, @Nullable ReadStream abandoned) {
    if (size <= WHOLE_BYTES) {
      List<Ahead> rest =
          stream.reads > 1 || offset == 0
              ? List.of()
              : List.of(new Ahead(0, Math.min(offset, size), settings.prefetchPartBytes()));
      return new Plan(size, rest, stream, abandoned, false);
    }
    if (stream.strides >= STRIDES_SEEN && stream.reads == 1) {
      return new Plan(end, strided(stream, end - offset), stream, abandoned, false);
    }
    if (!isSequential(stream) || settings.prefetchWindowMaxBytes() == 0) {
      long least =
          scattered >= SCATTERED_READS
              ? Math.min(settings.minFetchBytes(), ChunkGrid.CHUNK_BYTES)
              : settings.minFetchBytes();
      long from = offset - offset % ChunkGrid.CHUNK_BYTES;
      long demandEnd = Math.min(size, Math.max(end, from + least));
      stream.frontier = Math.max(stream.frontier, demandEnd);
      return new Plan(demandEnd, List.of(), stream, abandoned, false);
    }
    scattered = 0;
    grow(stream);
    return new Plan(end, ahead(stream, end), stream, abandoned, true);
  }

  /** Several readers of one place, and scattered reads that come near each other, are none. */
  private static boolean isSequential(ReadStream stream) {
    return stream.windowBytes > 0
        || (stream.reads >= SEQUENTIAL_READS
            && stream.consumedBytes >= SEQUENTIAL_BYTES
            && stream.consumedBytes * LEAST_SHARE >= stream.next - stream.start);
  }

  /**
   * Whether a reader in sequence came by {@code from} and has not passed {@code to}, or by so
   * little that he may just be about to ask for it.
   */
  synchronized boolean isReadIn(long from, long to) {
    for (ReadStream stream : streams) {
      if (isSequential(stream) && stream.next >= from && stream.next <= to + BEHIND_BYTES) {
        return true;
      }
    }
    return false;
  }

  private void grow(ReadStream stream) {
    long before = stream.windowBytes;
    if (stream.windowBytes == 0) {
      activeStreams.incrementAndGet();
      stream.windowBytes = Math.min(FIRST_WINDOW_BYTES, settings.prefetchWindowMaxBytes());
      stream.consumedBytes = 0;
    } else if (stream.consumedBytes >= stream.windowBytes / GROWTH_SHARE) {
      stream.windowBytes = Math.min(GROWTH * stream.windowBytes, settings.prefetchWindowMaxBytes());
      stream.consumedBytes = 0;
    }
    counters.windowBytes.addAndGet(stream.windowBytes - before);
  }

  private List<Ahead> ahead(ReadStream stream, long end) {
    long share = budgetBytes.getAsLong() / 4 * 3 / Math.max(1, activeStreams.get());
    long window = Math.max(2L * ChunkGrid.CHUNK_BYTES, Math.min(stream.windowBytes, share));
    long part =
        Math.clamp(window / PARTS_OF_WINDOW, LEAST_PART_BYTES, settings.prefetchPartBytes());
    part = Math.min(part, window / 2);
    part -= part % ChunkGrid.CHUNK_BYTES;
    long from = Math.max(stream.frontier, end);
    long to = Math.min(size, stream.next + window);
    if (to < size) {
      // whole parts only, so that a window that moves by a little does not ask for a little
      to -= to % part;
    }
    to = Math.min(to, startOfNext(stream));
    return from >= to ? List.of() : List.of(new Ahead(from, to, part));
  }

  /**
   * Where another sequence began ahead of {@code stream}; from there on it has been read, as by
   * loaders who take a part each. The file's size if there is none.
   */
  private long startOfNext(ReadStream stream) {
    long next = size;
    for (ReadStream other : streams) {
      if (other != stream && other.windowBytes > 0 && other.start >= stream.next) {
        next = Math.min(next, other.start);
      }
    }
    return next;
  }

  /** {@code to} is the end of what was really asked for ahead of {@code stream}. */
  synchronized void asked(ReadStream stream, long to) {
    stream.frontier = Math.max(stream.frontier, to);
  }

  /** What was asked for from {@code from} on will not come. */
  synchronized void refused(ReadStream stream, long from) {
    stream.frontier = Math.min(stream.frontier, from);
  }

  /**
   * What a sequence was to find ahead of it, on disk, is gone. Nothing changes for who reads behind
   * the foremost one.
   *
   * @param end of the read that did not find it
   */
  synchronized void missed(ReadStream stream, long end) {
    if (end >= stream.next) {
      stream.frontier = Math.min(stream.frontier, end);
    }
  }

  private static void noteStride(ReadStream stream, long offset) {
    long stride = offset - stream.lastOffset;
    stream.strides = stride == stream.strideBytes ? stream.strides + 1 : 0;
    stream.strideBytes = stride;
  }

  private List<Ahead> strided(ReadStream stream, long length) {
    List<Ahead> pieces = new ArrayList<>(STRIDES_AHEAD);
    for (int i = 1; i <= STRIDES_AHEAD; i++) {
      long from = stream.lastOffset + i * stream.strideBytes;
      if (from >= size) {
        break;
      }
      pieces.add(new Ahead(from, Math.min(size, from + length), settings.prefetchPartBytes()));
    }
    return pieces;
  }

  private @Nullable ReadStream find(long offset) {
    ReadStream best = null;
    long nearest = Long.MAX_VALUE;
    for (ReadStream stream : streams) {
      long distance = offset - stream.next;
      long reach = Math.max(SKIP_BYTES, stream.frontier - stream.next);
      long behind = stream.windowBytes > 0 ? PIECES_BEHIND_BYTES : BEHIND_BYTES;
      boolean belongs = distance >= -behind && distance <= reach;
      if (belongs && Math.abs(distance) < nearest) {
        best = stream;
        nearest = Math.abs(distance);
      }
    }
    return best;
  }

  private ReadStream oldest() {
    ReadStream oldest = streams.getFirst();
    for (ReadStream stream : streams) {
      if (stream.lastUse < oldest.lastUse) {
        oldest = stream;
      }
    }
    return oldest;
  }

  private void end(ReadStream stream) {
    streams.remove(stream);
    if (stream.windowBytes > 0) {
      counters.prefetchResets.increment();
    }
    deactivate(stream);
  }

  private void deactivate(ReadStream stream) {
    if (stream.windowBytes > 0) {
      activeStreams.decrementAndGet();
      counters.windowBytes.addAndGet(-stream.windowBytes);
      stream.windowBytes = 0;
    }
  }

  /** Nobody has the object open any more: all sequences are over. */
  synchronized void close() {
    streams.forEach(this::deactivate);
    streams.clear();
    scattered = 0;
  }
}
