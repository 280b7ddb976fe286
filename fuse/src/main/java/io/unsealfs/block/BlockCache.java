package io.unsealfs.block;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Decrypted extents of the files of a volume, bounded in bytes. Thread-safe. Extents are wiped when
 * they leave the cache and nobody reads them any more; {@link #close} makes all of them leave.
 */
public final class BlockCache implements AutoCloseable {

  /*
   * Pins. An extent's bytes live in a plain array that is used again, so "evicted" must not mean
   * "gone": a reader in the middle of a copy would hand out zeros, or another file's plaintext.
   * Each extent counts its holds. The index is one holder, every reader that copies is one, and so
   * is the loader until it has handed over. A hold is taken by compare-and-set from a count above
   * zero only; a count of zero is final. Whoever drops the last hold, index or reader, wipes the
   * array and gives it to the pool. Eviction therefore just drops the index's hold, and a reader
   * that found the extent in the index a moment too late fails to pin it and treats it as a miss.
   *
   * Loads. Caffeine is the index and the eviction policy; it never loads, because its compute
   * methods hold a lock of the map, and we hold none across I/O or decryption. A reader that misses
   * puts a PendingLoad into `inFlight`; the one whose entry got in loads, the others wait for it.
   * The order of publishing is: index, remove from inFlight, release the waiters. A reader that
   * missed the index before and claims the key after finds the extent in the index when it looks
   * again, so no key is ever loaded twice at once. A failed load leaves nothing behind. Whatever
   * the loader dies of reaches the waiters.
   *
   * Room. Listener and maintenance run in the thread that caused them (executor Runnable::run), and
   * cleanUp after each insertion keeps the index within its bound before the loader goes on. Arrays
   * beyond the bound are those of loads in progress and of pinned extents, one per reading thread.
   * An extent larger than the whole capacity is served to those who asked and not kept. Extents
   * loaded ahead wait in `ahead`, which has its own share of the capacity, until their reader takes
   * them over; the hold that `ahead` had becomes the reader's. A reader who takes the whole extent
   * is the last one to want it, since the kernel keeps what it got: it is dropped. Others take it
   * over into the index. Preloaded extents wait in `preloaded` in the same way, in room that the
   * index had free when the preload began and is kept out of until they are taken.
   *
   * Close. `closed` is set before the index is emptied, and a loader looks at it after inserting:
   * one of the two removes the entry.
   *
   * Wiping covers the arrays. A moving garbage collector may have left older copies of an array in
   * free heap memory; no Java code can reach those.
   */

  /** Most bytes set aside for extents loaded ahead, and the share of a small cache. */
  private static final long AHEAD_MOST = 64L << 20;

  private static final int AHEAD_SHARE = 4;

  /** Least weight of an entry: about what its objects take, so that tiny files are not free. */
  private static final int LEAST_WEIGHT = 512;

  private final int extentSize;
  private final ReadPolicy policy;
  private final @Nullable Crew crew;
  private final Cache<BlockKey, Extent> index;
  private final LoadedAhead ahead = new LoadedAhead(0, true);
  private final LoadedAhead preloaded = new LoadedAhead(0, false);
  private final TouchFilter touches = new TouchFilter();
  private final ConcurrentMap<BlockKey, PendingLoad> inFlight = new ConcurrentHashMap<>();
  private final BufferPool plaintextPool;
  private final ConcurrentMap<Integer, BufferPool> pools = new ConcurrentHashMap<>();
  private final BlockWork work = new BlockWork();
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder joinedLoads = new LongAdder();
  private final LongAdder evictions = new LongAdder();
  private final LongAdder bytesHeld = new LongAdder();
  private final LongAdder usedReadAhead = new LongAdder();
  private final LongAdder wastedReadAhead = new LongAdder();
  private final LongAdder bypassedReads = new LongAdder();
  private final LongAdder bypassedBytes = new LongAdder();
  private final LongAdder copiedBytes = new LongAdder();
  private final ReentrantLock sizing = new ReentrantLock();
  private long reserved; // for preloaded extents; guarded by sizing
  private volatile long capacity;
  private volatile long indexCapacity;
  private volatile boolean closed;

  /**
   * A cache of decrypted extents, with nothing loaded ahead.
   *
   * @param capacity bytes of plaintext to hold at most
   * @param extentSize bytes of plaintext per extent, a multiple of every block size used
   */
  public BlockCache(long capacity, int extentSize) {
    this(capacity, extentSize, ReadPolicy.PLAIN);
  }

  /**
   * A cache of decrypted extents, and the way its files are read.
   *
   * @param capacity bytes of plaintext to hold at most
   * @param extentSize bytes of plaintext per extent, a multiple of every block size used
   */
  public BlockCache(long capacity, int extentSize, ReadPolicy policy) {
    if (capacity < 0 || extentSize <= 0) {
      throw new IllegalArgumentException("impossible block cache size");
    }
    this.extentSize = extentSize;
    this.policy = policy;
    this.crew =
        policy.helpers() == 0
            ? null
            : new Crew(policy.helpers(), Runtime.getRuntime().availableProcessors());
    this.plaintextPool = new BufferPool(extentSize);
    this.index =
        Caffeine.newBuilder()
            .maximumWeight(capacity)
            .weigher((BlockKey key, Extent extent) -> weight(extent))
            .executor(Runnable::run)
            .removalListener(this::removed)
            .build();
    resize(capacity);
  }

  /** Bytes of plaintext per extent. */
  int extentSize() {
    return extentSize;
  }

  /** Bytes of plaintext held at most. */
  long capacity() {
    return capacity;
  }

  /**
   * Changes the bound: down when memory is short, up again when it is not. Extents beyond it are
   * dropped and wiped before this returns, those being read as soon as they are not.
   *
   * @param newCapacity bytes of plaintext to hold at most from now on
   */
  public void resize(long newCapacity) {
    if (newCapacity < 0) {
      throw new IllegalArgumentException("negative block cache size");
    }
    boolean shrinks;
    sizing.lock();
    try {
      shrinks = newCapacity < capacity;
      capacity = newCapacity;
      ahead.resize(aheadCapacity());
      reserved = Math.min(reserved, newCapacity - aheadCapacity());
      preloaded.resize(reserved);
      share();
    } finally {
      sizing.unlock();
    }
    if (shrinks) {
      dropIdleArrays();
    }
  }

  /** What may wait for readers in sequence. */
  private long aheadCapacity() {
    return policy.readAhead() == null ? 0 : Math.min(AHEAD_MOST, capacity / AHEAD_SHARE);
  }

  /** Gives the index what the others do not have. */
  private void share() {
    indexCapacity = capacity - aheadCapacity() - reserved;
    index.policy().eviction().ifPresent(eviction -> eviction.setMaximum(indexCapacity));
    index.cleanUp();
  }

  /**
   * Sets room aside for a preload: what nobody uses now.
   *
   * @return bytes, {@code wanted} at most
   */
  long reserve(long wanted) {
    sizing.lock();
    try {
      long used =
          index.policy().eviction().map(e -> e.weightedSize().orElse(0)).orElse(indexCapacity);
      long granted = Math.clamp(indexCapacity - used, 0, wanted);
      reserved += granted;
      preloaded.resize(reserved);
      share();
      return granted;
    } finally {
      sizing.unlock();
    }
  }

  /** Gives the index what preloaded extents no longer need. */
  void unreserve() {
    sizing.lock();
    try {
      reserved = Math.min(reserved, preloaded.bytes());
      preloaded.resize(reserved);
      share();
    } finally {
      sizing.unlock();
    }
  }

  /** How files are read. */
  ReadPolicy policy() {
    return policy;
  }

  /** Counts what is read and decrypted for it. */
  BlockWork work() {
    return work;
  }

  /** Who helps with large requests, or null. */
  @Nullable Crew crew() {
    return crew;
  }

  /** Arrays of {@code length} bytes, shared by all who want that length. */
  BufferPool pool(int length) {
    return pools.computeIfAbsent(length, BufferPool::new);
  }

  /** Notes a small read; whether the extent had one lately. */
  boolean touch(long fileKey, long extentIndex) {
    return touches.touch(fileKey, extentIndex);
  }

  /** Notes bytes that went to a reader without being kept. */
  void bypassed(int plaintextBytes) {
    bypassedReads.increment();
    bypassedBytes.add(plaintextBytes);
  }

  /** Notes bytes that a reader was given from an extent. */
  void copied(int plaintextBytes) {
    copiedBytes.add(plaintextBytes);
  }

  /** Whether a look for any extent would be in vain. */
  boolean isEmpty() {
    return ahead.isEmpty()
        && preloaded.isEmpty()
        && inFlight.isEmpty()
        && index.estimatedSize() == 0;
  }

  /**
   * The extent if it is here, held for the caller, who must {@link Extent#unpin} it; or null.
   *
   * @param last whether the caller takes the whole extent, so that an extent that waited for a
   *     reader need not wait for another
   * @param join whether to wait for the extent if it is being loaded
   * @throws IOException what the load failed with, or that the cache is closed
   */
  @Nullable Extent find(BlockKey key, boolean last, boolean join) throws IOException {
    requireOpen();
    Extent extent = pinned(key, last);
    if (extent == null && join) {
      PendingLoad running = inFlight.get(key);
      if (running != null) {
        joinedLoads.increment();
        extent = running.await();
        Extent waiting = last ? ahead.take(key) : null;
        if (waiting != null) {
          waiting.unpin();
        }
      }
    }
    if (extent != null) {
      extent.markUsed();
    }
    return extent;
  }

  private void requireOpen() throws IOException {
    if (closed) {
      throw new IOException("cannot read: the volume is closed");
    }
  }

  /**
   * The extent, held for the caller, who must {@link Extent#unpin} it.
   *
   * @throws IOException what the load failed with, or that the cache is closed
   */
  Extent get(BlockKey key, ExtentLoader loader) throws IOException {
    for (; ; ) {
      requireOpen();
      Extent extent = pinned(key, false);
      if (extent == null) {
        PendingLoad mine = new PendingLoad(false);
        PendingLoad running = inFlight.putIfAbsent(key, mine);
        if (running == null) {
          extent = load(key, loader, mine, null);
        } else {
          joinedLoads.increment();
          extent = running.await();
        }
      }
      if (extent != null) {
        extent.markUsed();
        return extent;
      }
    }
  }

  /** Loads the extent unless it is there or on its way. Failures are left for a reader to meet. */
  void loadAhead(BlockKey key, ExtentLoader loader) {
    if (closed || contains(key)) {
      return;
    }
    PendingLoad mine = new PendingLoad(true);
    if (inFlight.putIfAbsent(key, mine) == null) {
      try {
        load(key, loader, mine, ahead).unpin();
      } catch (IOException | RuntimeException e) {
        // Nobody has asked for these bytes. A reader that does loads them itself and reports.
        return;
      }
    }
  }

  /**
   * Loads the extent for a reader to come, unless it is there or on its way, into room set aside
   * before.
   *
   * @return bytes that now wait; 0 if there was nothing to do, -1 if there is no room
   * @throws IOException if the load failed
   */
  int preload(BlockKey key, ExtentLoader loader) throws IOException {
    requireOpen();
    if (contains(key)) {
      return 0;
    }
    int length = loader.plaintextLength(key.extentIndex());
    if (!preloaded.hasRoomFor(length)) {
      return -1;
    }
    PendingLoad mine = new PendingLoad(true);
    if (inFlight.putIfAbsent(key, mine) != null) {
      return 0;
    }
    load(key, loader, mine, preloaded).unpin();
    return length;
  }

  /** Whether the extent is here, or being loaded. */
  boolean isHereOrComing(BlockKey key) {
    return contains(key) || inFlight.containsKey(key);
  }

  boolean contains(BlockKey key) {
    return index.asMap().containsKey(key) || ahead.contains(key) || preloaded.contains(key);
  }

  /** What the cache did so far. */
  public CacheFigures figures() {
    return new CacheFigures(
        hits.sum(),
        misses.sum(),
        joinedLoads.sum(),
        evictions.sum(),
        bytesHeld.sum(),
        usedReadAhead.sum(),
        wastedReadAhead.sum(),
        bypassedReads.sum(),
        bypassedBytes.sum(),
        copiedBytes.sum(),
        preloaded.bytes(),
        capacity,
        work.figures());
  }

  /** Wipes all extents, those being read as soon as they are not; nothing is loaded any more. */
  @Override
  public void close() {
    closed = true;
    if (crew != null) {
      crew.close();
    }
    ahead.close();
    preloaded.close();
    index.invalidateAll();
    index.cleanUp();
    dropIdleArrays();
  }

  private void dropIdleArrays() {
    plaintextPool.clear();
    pools.values().forEach(BufferPool::clear);
  }

  /** An extent that was loaded ahead found its reader. */
  void usedAhead() {
    usedReadAhead.increment();
  }

  /** Takes back the array of an extent that nobody holds. */
  void reclaim(Extent extent) {
    byte[] plaintext = extent.plaintext();
    Arrays.fill(plaintext, (byte) 0);
    bytesHeld.add(-plaintext.length);
    if (extent.isWasted()) {
      wastedReadAhead.increment();
    }
    plaintextPool.give(plaintext);
  }

  private @Nullable Extent pinned(BlockKey key, boolean last) {
    Extent extent = index.getIfPresent(key);
    if (extent == null || !extent.tryPin()) {
      extent = ahead.take(key);
      if (extent == null) {
        extent = preloaded.take(key);
      }
      if (extent == null) {
        return null;
      }
      if (!last) {
        insert(key, extent);
      }
    }
    hits.increment();
    return extent;
  }

  /** Loads for a reader, or for those who will find it in {@code into}. */
  private Extent load(
      BlockKey key, ExtentLoader loader, PendingLoad mine, @Nullable LoadedAhead into)
      throws IOException {
    Extent extent;
    try {
      // it may have been published between our look into the index and our claim
      Extent published = pinned(key, false);
      extent = published == null ? fill(key, loader, into) : published;
    } catch (Throwable e) {
      inFlight.remove(key, mine);
      mine.fail(e);
      throw e;
    }
    inFlight.remove(key, mine);
    mine.complete(extent);
    return extent;
  }

  private Extent fill(BlockKey key, ExtentLoader loader, @Nullable LoadedAhead into)
      throws IOException {
    misses.increment();
    byte[] plaintext = plaintextPool.take(loader.plaintextLength(key.extentIndex()));
    bytesHeld.add(plaintext.length);
    Extent extent = new Extent(this, plaintext, into != null);
    boolean loaded = false;
    try {
      extent.setDamage(loader.load(key.extentIndex(), plaintext));
      if (into == null) {
        insert(key, extent);
      } else {
        boolean _ = into.put(key, extent);
      }
      loaded = true;
      return extent;
    } finally {
      if (!loaded) {
        extent.unpin();
      }
    }
  }

  private void insert(BlockKey key, Extent extent) {
    if (weight(extent) > indexCapacity || !extent.tryPin()) {
      return;
    }
    boolean inserted = false;
    try {
      index.put(key, extent);
      inserted = true;
    } finally {
      // if it got in all the same, the removal listener drops the hold
      if (!inserted && !index.asMap().remove(key, extent)) {
        extent.unpin();
      }
    }
    if (closed) {
      index.invalidate(key);
    }
    index.cleanUp();
  }

  private void removed(@Nullable BlockKey key, @Nullable Extent extent, RemovalCause cause) {
    if (cause.wasEvicted()) {
      evictions.increment();
    }
    if (extent != null) {
      extent.unpin();
    }
  }

  private static int weight(Extent extent) {
    return Math.max(LEAST_WEIGHT, extent.length());
  }
}
