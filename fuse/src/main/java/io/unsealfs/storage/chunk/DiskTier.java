package io.unsealfs.storage.chunk;

import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.object.StoreLocation;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * The disk cache at work beside a {@link ChunkStore}: looks there before the store is asked, writes
 * segments that became whole in memory. In threads of its own; a disk that is slower than the store
 * is not waited for.
 */
final class DiskTier implements Closeable {
  private static final int LOADERS = 2;

  /** Segments that readers brought and that may wait to be written; in memory until then. */
  private static final int PENDING_WRITES = 8;

  /** Segments that the system is to read ahead of one who reads their files. */
  private static final int EXPECTED = 2;

  private final DiskCache cache;
  private final ChunkStore store;
  private final ChunkTable table;
  private final ChunkCounters counters;
  private final StoreLocation location;
  private final LoadLine loaders = new LoadLine("unsealfs-cache-read-", LOADERS, this::load);
  private final ThreadPoolExecutor writer = writer();
  private final LongAdder skipped = new LongAdder();
  private final @Nullable SegmentFiles files;

  /** Shared by all who write; closing waits for them, also for those in threads of others. */
  private final ReentrantReadWriteLock writing = new ReentrantReadWriteLock();

  private boolean closed; // guarded by writing

  /**
   * A tier over {@code cache}.
   *
   * @param trusted whether the format finds out what is not authentic, so that reads go straight to
   *     the files
   */
  DiskTier(
      DiskCache cache,
      boolean trusted,
      StoreLocation location,
      ChunkStore store,
      ChunkTable table,
      ChunkCounters counters) {
    this.cache = cache;
    this.files = trusted ? new SegmentFiles(cache) : null;
    this.location = location;
    this.store = store;
    this.table = table;
    this.counters = counters;
  }

  private static ThreadPoolExecutor writer() {
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(PENDING_WRITES),
            Thread.ofPlatform().daemon().name("unsealfs-cache-write-", 0).factory());
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }

  private SegmentId id(StoredObject object, int segment) {
    return object.segment(location, segment);
  }

  /** Whether reads go straight to the files. */
  boolean readsDirectly() {
    return files != null && cache.isOn();
  }

  /**
   * Reads straight from the files of segments.
   *
   * @param sequential whether what comes next will be wanted too
   * @return false if they are not all there; nothing was read then
   */
  boolean readDirectly(
      StoredObject object, long offset, int wanted, ByteBuffer ciphertext, boolean sequential) {
    SegmentFiles known = files;
    if (known == null) {
      return false;
    }
    int start = ciphertext.position();
    int limit = ciphertext.limit();
    boolean done = false;
    try {
      int left = wanted;
      while (left > 0) {
        long at = offset + (wanted - left);
        SegmentId id = id(object, ChunkGrid.segmentOf(ChunkGrid.chunkOf(at)));
        if (object.isDistrusted(id.segment())) {
          return false;
        }
        int from = (int) (at % ChunkGrid.SEGMENT_BYTES);
        int count = Math.min(left, id.payloadLength() - from);
        boolean first = sequential && !known.isOpen(id);
        ciphertext.limit(ciphertext.position() + count);
        if (!known.read(id, from, ciphertext, sequential)) {
          return false;
        }
        if (first || (sequential && from < ChunkGrid.CHUNK_BYTES)) {
          expectAfter(known, object, id.segment());
        }
        left -= count;
      }
      done = true;
      return true;
    } finally {
      ciphertext.limit(limit);
      if (!done) {
        ciphertext.position(start);
      }
    }
  }

  /** The segments behind one that was come to: the system reads them while that one is read. */
  private void expectAfter(SegmentFiles known, StoredObject object, int segment) {
    int last = ChunkGrid.segmentOf(ChunkGrid.count(object.size()) - 1);
    for (int next = segment + 1; next <= Math.min(last, segment + EXPECTED); next++) {
      boolean _ = known.expect(id(object, next));
    }
  }

  /** Begins to bring {@code fetch} from the disk; false if it is not there. */
  boolean begin(Fetch fetch) {
    // before the file is looked for: who distrusts it afterwards has to know
    fetch.atDisk = true;
    boolean begun = cache.mayHold(id(fetch.object, fetch.segment())) && loaders.add(fetch);
    if (!begun) {
      fetch.atDisk = false;
    }
    return begun;
  }

  private void load(Fetch fetch) {
    try {
      loadNow(fetch, id(fetch.object, fetch.segment()));
    } catch (Throwable e) {
      // a reader must get an answer
      store.ended(
          fetch, new StorageException(fetch.object + ": the disk cache failed unexpectedly", e));
    }
  }

  private void loadNow(Fetch fetch, SegmentId id) {
    boolean pointless = fetch.cancellation.isCancelled() || fetch.isCovered();
    if (pointless || !store.land(fetch)) {
      store.ended(fetch, null);
      return;
    }
    Chunk[] chunks = fetch.chunks();
    int first = chunks[0].index - ChunkGrid.firstOf(id.segment());
    boolean whole =
        cache.read(
            id,
            offset -> {
              int place = offset / ChunkGrid.CHUNK_BYTES - first;
              return place >= 0 && place < chunks.length ? fetch.landing(place).ciphertext() : null;
            },
            chunks.length * ChunkGrid.CHUNK_BYTES >= id.payloadLength()
                ? ByteBuffer.allocate(0)
                : ByteBuffer.allocate(ChunkGrid.CHUNK_BYTES));
    if (whole && fetch.isAuthentic()) {
      table.markStored(fetch);
      fetch.showAll();
      store.ended(fetch, null);
    } else {
      if (whole) {
        counters.distrusted.increment();
        distrust(fetch.object, id.segment());
      }
      fetch.atDisk = false;
      store.submitToStore(fetch);
    }
  }

  /** Writes a segment, beside those who read it; lets go of its chunks afterwards. */
  void save(List<Chunk> chunks) {
    StoredObject object = chunks.getFirst().object;
    int segment = ChunkGrid.segmentOf(chunks.getFirst().index);
    try {
      writer.execute(() -> {
        boolean written = false;
        try {
          written = write(object, segment, chunks);
        } finally {
          table.releaseSegment(chunks, written);
        }
      });
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      // too many wait, or there is no thread to be had: what was fetched is served all the same
      skipped.increment();
      table.releaseSegment(chunks, false);
    }
  }

  /**
   * Writes a segment in this thread, unless it is there already.
   *
   * @param chunks all of it, which the caller keeps in memory
   * @return whether it is on the disk now; false also if its bytes were found not to be authentic
   */
  boolean write(StoredObject object, int segment, List<Chunk> chunks) {
    writing.readLock().lock();
    try {
      return !closed && writeNow(object, segment, chunks);
    } finally {
      writing.readLock().unlock();
    }
  }

  private boolean writeNow(StoredObject object, int segment, List<Chunk> chunks) {
    SegmentId id = id(object, segment);
    if (cache.mayHold(id)) {
      return true;
    }
    List<Slab> slabs = new ArrayList<>(chunks.size());
    try {
      List<ByteBuffer> payload = new ArrayList<>(chunks.size());
      for (Chunk chunk : chunks) {
        Slab slab = chunk.borrow();
        if (slab == null) {
          return false;
        }
        slabs.add(slab);
        payload.add(slab.ciphertext().slice(0, chunk.length));
      }
      if (!table.areInPlace(chunks) || !cache.write(id, payload)) {
        return false;
      }
    } finally {
      slabs.forEach(Slab::release);
    }
    if (!table.areInPlace(chunks)) {
      // distrusted while it was written, perhaps after the file was looked for
      distrust(object, segment);
      return false;
    }
    return true;
  }

  /** The bytes of a segment are not what they should be. */
  void distrust(StoredObject object, int segment) {
    SegmentId id = id(object, segment);
    if (files != null) {
      // before its file goes: who opens that now must not read it straight any more
      object.distrust(segment);
      files.forget(id);
    }
    if (cache.mayHold(id)) {
      cache.delete(id);
    }
  }

  /** Whether a segment is there. */
  boolean holds(StoredObject object, int segment) {
    return cache.mayHold(id(object, segment));
  }

  /** Whether the disk is still in use. */
  boolean isOn() {
    return cache.isOn();
  }

  ChunkFigures.DiskFigures figures() {
    return cache.figures(skipped.sum() + counters.unsavedSegments.sum());
  }

  /** Finishes what is to be written. */
  @Override
  public void close() {
    loaders.close();
    if (files != null) {
      files.close();
    }
    writer.shutdown();
    try {
      boolean _ = writer.awaitTermination(10, TimeUnit.SECONDS);
      boolean _ = loaders.awaitIdle(10);
      if (writing.writeLock().tryLock(10, TimeUnit.SECONDS)) {
        closed = true;
        writing.writeLock().unlock();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    cache.close();
  }
}
