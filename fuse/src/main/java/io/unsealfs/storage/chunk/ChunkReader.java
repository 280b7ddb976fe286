package io.unsealfs.storage.chunk;

import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.chunk.ReadPattern.Ahead;
import io.unsealfs.storage.chunk.ReadPattern.Plan;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Serves reads: finds or orders their chunks, waits for the bytes and copies them. Thread-safe. */
final class ChunkReader {
  /** A reader who waits looks up that often whether a second request would help. */
  private static final long LOOK_MILLIS = 100;

  /** Waits that are longer than all tries of a request are a fault of ours, but they end. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** What counts as the end; a last chunk of less brings the one before it along. */
  private static final int END_BYTES = ChunkGrid.CHUNK_BYTES;

  /** What counts as the start, with what follows it, and how much of that one request brings. */
  private static final int START_BYTES = ChunkGrid.SEGMENT_BYTES;

  private static final int START_PART_BYTES = 1 << 20;

  private final ChunkStore store;
  private final ChunkTable table;
  private final ChunkSettings settings;
  private final ChunkCounters counters;
  private final Latencies latencies;

  ChunkReader(
      ChunkStore store,
      ChunkTable table,
      ChunkSettings settings,
      ChunkCounters counters,
      Latencies latencies) {
    this.store = store;
    this.table = table;
    this.settings = settings;
    this.counters = counters;
    this.latencies = latencies;
  }

  /**
   * Serves one read; all of {@code wanted}, at least a byte, lies within the object.
   *
   * @param start whether to order what follows the start, if that was not done before
   */
  void read(StoredObject object, long offset, int wanted, ByteBuffer dst, boolean start)
      throws IOException {
    store.requireOpen();
    long begun = System.nanoTime();
    Plan plan = object.pattern().reading(offset, wanted);
    ReadStream abandoned = plan.abandoned();
    if (abandoned != null) {
      store.giveUp(object, abandoned);
    }
    ReadStream sequence = plan.sequential() ? plan.stream() : null;
    if (store.readDirectly(object, offset, wanted, dst, sequence)) {
      counters.readBytes.add(wanted);
      fetchAhead(object, plan);
      return;
    }
    int first = ChunkGrid.chunkOf(offset);
    int last = ChunkGrid.chunkOf(offset + wanted - 1);
    @Nullable Chunk[] held = new @Nullable Chunk[last - first + 1];
    int done = 0;
    try {
      store.submit(table.hold(object, first, held, ChunkGrid.chunkOf(plan.demandEnd() - 1)));
      fetchAhead(object, plan);
      if (start) {
        orderStart(object, plan.demandEnd());
      }
      while (done < wanted) {
        int index = ChunkGrid.chunkOf(offset + done);
        int from = (int) (offset + done - ChunkGrid.start(index));
        int count = Math.min(wanted - done, ChunkGrid.length(index, object.size()) - from);
        copy(held, index - first, from, count, dst, begun);
        done += count;
      }
      counters.readBytes.add(wanted);
    } finally {
      table.release(offset, offset + done, held, first);
    }
  }

  /** Orders the end of an object, for nobody who waits, unless nothing is fetched ahead at all. */
  void orderEnd(StoredObject object) {
    long size = object.size();
    if (size > ReadPattern.WHOLE_BYTES && settings.prefetchWindowMaxBytes() > 0) {
      Ahead end = new Ahead(size - END_BYTES, size, settings.prefetchPartBytes());
      long _ = store.order(object, end, Priority.PREFETCH, null);
    }
  }

  /**
   * Orders what follows the start, behind the read of the start itself and for nobody who waits.
   * Once: who opens a file for each of his reads is not to fetch it each time.
   *
   * @param from end of what the read of the start brings
   */
  private void orderStart(StoredObject object, long from) {
    long most = Math.min(settings.prefetchWindowMaxBytes(), table.budgetBytes() / 2);
    long end = Math.min(START_BYTES, most);
    if (object.size() > ReadPattern.WHOLE_BYTES && from < end && object.markStart()) {
      long _ = store.order(object, new Ahead(from, end, START_PART_BYTES), Priority.PREFETCH, null);
    }
  }

  private void copy(
      @Nullable Chunk[] held, int place, int from, int count, ByteBuffer dst, long begunNanos)
      throws IOException {
    while (true) {
      Chunk chunk = held[place];
      if (chunk == null) {
        throw new IllegalStateException("a chunk that nobody holds");
      }
      await(chunk, from + count, begunNanos);
      if (chunk.copy(from, count, dst)) {
        return;
      }
      // given up in the moment we joined: ask for it ourselves
      store.requireOpen();
      @Nullable Chunk[] again = new @Nullable Chunk[1];
      List<Fetch> fetches = table.hold(chunk.object, chunk.index, again, chunk.index);
      table.letGo(chunk);
      held[place] = again[0];
      store.submit(fetches);
    }
  }

  private void fetchAhead(StoredObject object, Plan plan) {
    ReadStream stream = plan.stream();
    if (stream == null) {
      return;
    }
    for (Ahead ahead : plan.ahead()) {
      long to = store.order(object, ahead, Priority.PREFETCH, stream);
      if (plan.ahead().size() == 1) {
        object.pattern().asked(stream, to);
      }
      if (to < ahead.to()) {
        return;
      }
    }
  }

  /** Waits until the first {@code upTo} bytes are there, or will not come. */
  private void await(Chunk chunk, int upTo, long begunNanos) throws IOException {
    long patience = settings.retries().deadline().toNanos() + PATIENCE_NANOS;
    try {
      while (!chunk.await(upTo, LOOK_MILLIS)) {
        store.requireOpen();
        long waited = System.nanoTime() - begunNanos;
        if (waited > patience) {
          throw new StorageException(
              chunk.object
                  + ": not served within "
                  + TimeUnit.NANOSECONDS.toSeconds(waited)
                  + " s; check the network and the store");
        }
        if (waited > latencies.tooLongNanos(settings.hedgeAfter())) {
          Fetch second = table.doubleOf(chunk);
          if (second != null) {
            store.submitToStore(second);
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted =
          new InterruptedIOException(chunk.object + ": interrupted while waiting");
      interrupted.initCause(e);
      throw interrupted;
    }
  }
}
