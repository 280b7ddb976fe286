package io.unsealfs.storage.chunk;

import io.unsealfs.storage.Source;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.chunk.ReadPattern.Ahead;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.StoreLocation;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads objects through chunks that are fetched once for all readers, kept within one budget of
 * memory and, if a disk cache is attached, on disk (object-storage.md section 4). Thread-safe.
 *
 * <p>For what a reader finds absent one request per run of chunks is made; it belongs to the store,
 * and a reader who is interrupted only stops waiting. What {@link ReadPattern} expects next is
 * asked for behind it.
 *
 * <p>An object that is found replaced or removed is stale from then on: what was fetched of it
 * before stays readable for those who have it open, all else is {@link StaleSourceException}.
 */
public final class ChunkStore implements Closeable {
  private static final long CLOSE_SECONDS = 10;

  private final ChunkCounters counters = new ChunkCounters();
  private final ChunkTable table;
  private final FetchRunner runner;
  private final FetchQueue queue;
  private final ChunkReader reader;
  private final ObjectStore store;
  private final ContentPins pins;
  private final StoreLocation location;
  private volatile boolean closed;
  private volatile @Nullable DiskTier disk;

  /** Reads objects of {@code store}, which is closed with this. */
  public ChunkStore(ObjectStore store, ChunkSettings settings) {
    this(store, settings, version -> Optional.empty());
  }

  /**
   * The same.
   *
   * @param pins what is known of the content of objects; each chunk of those is checked before a
   *     byte of it is shown, wherever it comes from
   */
  public ChunkStore(ObjectStore store, ChunkSettings settings, ContentPins pins) {
    this.pins = pins;
    this.store = store;
    this.location = store.location();
    this.runner = new FetchRunner(store, settings.retries(), counters, this);
    this.queue =
        new FetchQueue(
            settings.maxConnections(),
            runner,
            this::ended,
            Thread.ofPlatform().daemon().name("unsealfs-fetch-", 0).factory());
    runner.use(queue);
    this.table = new ChunkTable(settings, counters, this::whole, queue::promote);
    this.reader = new ChunkReader(this, table, settings, counters, runner.latencies());
  }

  /**
   * Keeps segments in {@code cache} from now on and looks there before the store is asked. At most
   * once. The cache is closed with this store.
   */
  public void attach(DiskCache cache) {
    attach(cache, false);
  }

  /**
   * The same for a format that finds out itself what is not authentic of what it reads, and says so
   * to the source: reads go straight to the files of segments then, whose payload nobody else
   * checks.
   */
  public void attachTrusted(DiskCache cache) {
    attach(cache, true);
  }

  private synchronized void attach(DiskCache cache, boolean trusted) {
    if (disk != null) {
      throw new IllegalStateException("a disk cache is attached already");
    }
    disk = new DiskTier(cache, trusted, location, this, table, counters);
    table.save();
  }

  /**
   * The bytes of {@code version}. No request is made.
   *
   * @throws StaleSourceException if it was found to be replaced
   */
  public Source open(ObjectVersion version) throws IOException {
    return new ChunkSource(this, reader, openObject(version), false);
  }

  /**
   * The same, of a small object that a format needs before others: counted apart, and never from
   * the disk. What such objects say is not authenticated, so that nobody would find out that a copy
   * on disk was forged.
   */
  public Source openIndex(ObjectVersion version) throws IOException {
    StoredObject object = openObject(version);
    object.markIndex();
    return new ChunkSource(this, reader, object, false);
  }

  /** The same, of the only object that will be read: this store is closed with the source. */
  public Source openAlone(ObjectVersion version) throws IOException {
    return new ChunkSource(this, reader, openObject(version), true);
  }

  /** The disk, if there is one and it is trusted with copies of {@code object}. */
  private @Nullable DiskTier diskOf(StoredObject object) {
    return object.isIndex() ? null : disk;
  }

  private StoredObject openObject(ObjectVersion version) throws IOException {
    requireOpen();
    if (version.size() < 0 || version.size() > ChunkGrid.OBJECT_BYTES_MAX) {
      throw new StorageException(
          version.shownKey() + ": " + version.size() + " bytes, more than this version reads");
    }
    Optional<ContentPin> pin = pins.of(version);
    StoredObject object = table.open(version);
    pin.ifPresent(object::require);
    return object;
  }

  /**
   * Brings the segments that a range touches into the disk cache, behind everything that readers
   * want. Does nothing without a disk cache.
   *
   * @param goOn asked before each segment, told how many bytes the one before it had; and with 0
   *     now and then while one is waited for
   * @return whether all of it was brought; false if it was stopped
   * @throws IOException if a byte cannot be had, or the disk does not take it
   */
  boolean warm(StoredObject object, long offset, long length, LongPredicate goOn)
      throws IOException {
    DiskTier tier = diskOf(object);
    long end = Math.min(object.size(), offset + length);
    if (tier == null || offset < 0 || offset >= end) {
      return true;
    }
    return new Warming(this, table, tier, object)
        .run(
            ChunkGrid.segmentOf(ChunkGrid.chunkOf(offset)),
            ChunkGrid.segmentOf(ChunkGrid.chunkOf(end - 1)),
            goOn);
  }

  /** Bytes of chunks that may be in memory from now on. */
  public void resize(long budgetBytes) {
    table.resize(Math.max(ChunkGrid.CHUNK_BYTES, budgetBytes));
  }

  /** Versions of objects that something is remembered of. */
  int objects() {
    return table.objects();
  }

  /** What was done so far. */
  public ChunkFigures figures() {
    DiskTier tier = disk;
    return counters.figures(
        queue.inFlight(),
        queue.limit(),
        table.pool().bytesInUse(),
        table.budgetBytes(),
        tier == null ? ChunkFigures.DiskFigures.NONE : tier.figures());
  }

  /** Orders a range that nobody waits for; returns the end of what was ordered. */
  long order(StoredObject object, Ahead ahead, Priority priority, @Nullable ReadStream stream) {
    DiskTier tier = diskOf(object);
    if (tier == null || !readsDirectly(tier, object)) {
      ChunkTable.Ordered ordered = table.order(object, ahead, priority, stream);
      submit(ordered.fetches());
      return ordered.to();
    }
    // what its reader will read from the disk need not come into memory
    for (long from = ahead.from(); from < ahead.to(); ) {
      int segment = ChunkGrid.segmentOf(ChunkGrid.chunkOf(from));
      long end = Math.min(ahead.to(), ChunkGrid.start(ChunkGrid.firstOf(segment + 1)));
      if (!tier.holds(object, segment)) {
        ChunkTable.Ordered ordered =
            table.order(object, new Ahead(from, end, ahead.partBytes()), priority, stream);
        submit(ordered.fetches());
        if (ordered.to() < end) {
          return ordered.to();
        }
      }
      from = end;
    }
    return ahead.to();
  }

  /**
   * Reads straight from the disk, if that is where it is, and not all of it is in memory or on its
   * way there. Where it is in neither, it was deleted ahead of its reader: what is ahead of him is
   * ordered anew from his next read on.
   *
   * @param sequence that it is part of; null if it is of none
   */
  boolean readDirectly(
      StoredObject object,
      long offset,
      int wanted,
      ByteBuffer ciphertext,
      @Nullable ReadStream sequence) {
    DiskTier tier = diskOf(object);
    if (tier == null
        || !readsDirectly(tier, object)
        || table.hasAll(
            object, ChunkGrid.chunkOf(offset), ChunkGrid.chunkOf(offset + wanted - 1))) {
      return false;
    }
    if (tier.readDirectly(object, offset, wanted, ciphertext, sequence != null)) {
      return true;
    }
    if (sequence != null) {
      object.pattern().missed(sequence, offset + wanted);
    }
    return false;
  }

  /** What is to be compared with a digest has to come into memory for that. */
  private static boolean readsDirectly(DiskTier tier, StoredObject object) {
    return tier.readsDirectly() && !object.isPinned();
  }

  /**
   * Sends requests: to the disk what may be there, the rest to the store. Also starts those that
   * readers joined meanwhile.
   */
  void submit(List<Fetch> fetches) {
    for (Fetch fetch : fetches) {
      DiskTier tier = diskOf(fetch.object);
      if (tier == null || !tier.begin(fetch)) {
        submitToStore(fetch);
      }
    }
    queue.startPromoted();
  }

  /** Sends a request to the store. */
  void submitToStore(Fetch fetch) {
    if (!queue.add(fetch)) {
      ended(fetch, closedException());
    }
  }

  /** Room for the slabs of a request that is about to begin; false if it was given up. */
  boolean land(Fetch fetch) {
    List<Fetch> rest = table.reserve(fetch);
    if (rest == null) {
      ReadStream stream = fetch.stream;
      if (stream != null) {
        fetch.object.pattern().refused(stream, ChunkGrid.start(fetch.chunks()[0].index));
      }
      return false;
    }
    try {
      submit(rest);
    } finally {
      table.land(fetch);
    }
    return true;
  }

  private void whole(Chunk chunk) {
    DiskTier tier = diskOf(chunk.object);
    if (tier == null || !tier.isOn()) {
      table.arrived(chunk);
      return;
    }
    List<Chunk> segment = table.arrivedForDisk(chunk);
    if (!segment.isEmpty()) {
      tier.save(segment);
    }
  }

  /**
   * A request is over.
   *
   * @param cause why it was refused; null if it succeeded or was given up
   */
  void ended(Fetch fetch, @Nullable IOException cause) {
    fetch.end(cause, System.nanoTime(), chunk -> table.failed(chunk, chunk.isRefused()));
    table.over(fetch);
    Fetch rival = fetch.rival;
    if (rival != null && rival.isCovered()) {
      if (fetch.hedge && rival.running) {
        counters.hedgesWon.increment();
      }
      cancel(rival);
    }
  }

  /** The object is not what was listed any more. */
  void stale(StoredObject object, String why) {
    if (object.markStale(why)) {
      counters.staleObjects.increment();
      table.unwanted(object, null).forEach(this::cancel);
    }
  }

  /** A sequence is over: what it asked for and nobody waits for is not fetched. */
  void giveUp(StoredObject object, ReadStream stream) {
    table.settle(object);
    table.unwanted(object, stream).forEach(this::cancel);
  }

  private void cancel(Fetch fetch) {
    fetch.cancellation.cancel();
    if (queue.remove(fetch)) {
      ended(fetch, null);
    }
  }

  /**
   * The bucket was listed again: versions that were found stale and are there after all, put back
   * as they were, can be opened again. Those that are not there are forgotten with their last user.
   *
   * @param current whether a version is in the new listing; asked under a lock
   */
  public void admit(Predicate<ObjectVersion> current) {
    table.admit(current);
  }

  /** Drops chunks that lie within the range and that nobody uses. */
  void drop(StoredObject object, long offset, long length) {
    boolean toEnd = offset + length >= object.size();
    table.drop(
        object,
        ChunkGrid.chunkOf(offset + ChunkGrid.CHUNK_BYTES - 1),
        (toEnd ? ChunkGrid.count(object.size()) : ChunkGrid.chunkOf(offset + length)) - 1);
  }

  /**
   * The bytes of the range are not authentic: they go, from memory and disk.
   *
   * @return whether reading them again may bring others, which are asked for once
   */
  boolean distrust(StoredObject object, long offset, long length) {
    int last = ChunkGrid.chunkOf(offset + length - 1);
    DiskTier tier = disk;
    boolean worth = false;
    for (int i = ChunkGrid.chunkOf(offset); i <= last; i++) {
      if (tier != null) {
        tier.distrust(object, ChunkGrid.segmentOf(i));
      }
      List<Fetch> fetches = table.replace(object, i);
      if (fetches != null) {
        worth = true;
        fetches.forEach(this::submitToStore);
      }
    }
    return worth;
  }

  /** One source less has {@code object} open. */
  void closed(StoredObject object) {
    if (table.close(object)) {
      object.pattern().close();
      table.settle(object);
      table.unwanted(object, null).forEach(this::cancel);
    }
  }

  void requireOpen() throws StorageException {
    if (closed) {
      throw closedException();
    }
  }

  private static StorageException closedException() {
    return new StorageException("the object store was closed");
  }

  /** Ends all requests; readers who wait fail. Closes cache and store. Idempotent. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    queue.close().forEach(fetch -> ended(fetch, closedException()));
    table.coming().forEach(fetch -> fetch.cancellation.cancel());
    runner.close();
    try {
      boolean _ = queue.awaitIdle(CLOSE_SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    DiskTier tier = disk;
    if (tier != null) {
      tier.close();
    }
    table.resize(0);
    store.close();
  }
}
