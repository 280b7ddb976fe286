package io.unsealfs.block;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
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
   * them over into the index; the hold that `ahead` had becomes the reader's.
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

  private final long capacity;
  private final long indexCapacity;
  private final int extentSize;
  private final ReadAhead.@Nullable Policy readAhead;
  private final Cache<BlockKey, Extent> index;
  private final LoadedAhead ahead;
  private final ConcurrentMap<BlockKey, PendingLoad> inFlight = new ConcurrentHashMap<>();
  private final BufferPool plaintextPool;
  private final ConcurrentMap<Integer, BufferPool> ciphertextPools = new ConcurrentHashMap<>();
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder joinedLoads = new LongAdder();
  private final LongAdder evictions = new LongAdder();
  private final LongAdder bytesHeld = new LongAdder();
  private final LongAdder wastedReadAhead = new LongAdder();
  private volatile boolean closed;

  /**
   * A cache of decrypted extents, without read-ahead.
   *
   * @param capacity bytes of plaintext to hold at most
   * @param extentSize bytes of plaintext per extent, a multiple of every block size used
   */
  public BlockCache(long capacity, int extentSize) {
    this(capacity, extentSize, null);
  }

  /**
   * A cache of decrypted extents.
   *
   * @param capacity bytes of plaintext to hold at most
   * @param extentSize bytes of plaintext per extent, a multiple of every block size used
   * @param readAhead how files read in sequence are loaded ahead, or null for not at all
   */
  public BlockCache(long capacity, int extentSize, ReadAhead.@Nullable Policy readAhead) {
    if (capacity < 0 || extentSize <= 0) {
      throw new IllegalArgumentException("impossible block cache size");
    }
    this.capacity = capacity;
    this.extentSize = extentSize;
    this.readAhead = readAhead;
    this.plaintextPool = new BufferPool(extentSize);
    long aheadCapacity = readAhead == null ? 0 : Math.min(AHEAD_MOST, capacity / AHEAD_SHARE);
    this.ahead = new LoadedAhead(aheadCapacity);
    this.indexCapacity = capacity - aheadCapacity;
    this.index =
        Caffeine.newBuilder()
            .maximumWeight(indexCapacity)
            .weigher((BlockKey key, Extent extent) -> weight(extent))
            .executor(Runnable::run)
            .removalListener(this::removed)
            .build();
  }

  /** Bytes of plaintext per extent. */
  int extentSize() {
    return extentSize;
  }

  /** Bytes of plaintext held at most. */
  long capacity() {
    return capacity;
  }

  /** How to load ahead, or null for not at all. */
  ReadAhead.@Nullable Policy readAhead() {
    return readAhead;
  }

  /** Arrays for the ciphertext of extents of {@code length} stored bytes. */
  BufferPool ciphertextPool(int length) {
    return ciphertextPools.computeIfAbsent(length, BufferPool::new);
  }

  /**
   * The extent, held for the caller, who must {@link Extent#unpin} it.
   *
   * @throws IOException what the load failed with, or that the cache is closed
   */
  Extent get(BlockKey key, ExtentLoader loader) throws IOException {
    for (; ; ) {
      if (closed) {
        throw new IOException("cannot read: the volume is closed");
      }
      Extent extent = pinned(key);
      if (extent == null) {
        PendingLoad mine = new PendingLoad(false);
        PendingLoad running = inFlight.putIfAbsent(key, mine);
        if (running == null) {
          extent = load(key, loader, mine, false);
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
        load(key, loader, mine, true).unpin();
      } catch (IOException | RuntimeException e) {
        // Nobody has asked for these bytes. A reader that does loads them itself and reports.
        return;
      }
    }
  }

  boolean contains(BlockKey key) {
    return index.asMap().containsKey(key) || ahead.contains(key);
  }

  /** What the cache did so far. */
  public CacheFigures figures() {
    return new CacheFigures(
        hits.sum(),
        misses.sum(),
        joinedLoads.sum(),
        evictions.sum(),
        bytesHeld.sum(),
        wastedReadAhead.sum());
  }

  /** Wipes all extents, those being read as soon as they are not; nothing is loaded any more. */
  @Override
  public void close() {
    closed = true;
    ahead.close();
    index.invalidateAll();
    index.cleanUp();
    plaintextPool.clear();
    ciphertextPools.clear();
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

  private @Nullable Extent pinned(BlockKey key) {
    Extent extent = index.getIfPresent(key);
    if (extent == null || !extent.tryPin()) {
      extent = ahead.take(key);
      if (extent == null) {
        return null;
      }
      insert(key, extent);
    }
    hits.increment();
    return extent;
  }

  private Extent load(BlockKey key, ExtentLoader loader, PendingLoad mine, boolean ahead)
      throws IOException {
    Extent extent;
    try {
      // it may have been published between our look into the index and our claim
      Extent published = pinned(key);
      extent = published == null ? fill(key, loader, ahead) : published;
    } catch (Throwable e) {
      inFlight.remove(key, mine);
      mine.fail(e);
      throw e;
    }
    inFlight.remove(key, mine);
    mine.complete(extent);
    return extent;
  }

  private Extent fill(BlockKey key, ExtentLoader loader, boolean ahead) throws IOException {
    misses.increment();
    byte[] plaintext = plaintextPool.take(loader.plaintextLength(key.extentIndex()));
    bytesHeld.add(plaintext.length);
    Extent extent = new Extent(this, plaintext, ahead);
    boolean loaded = false;
    try {
      extent.setDamage(loader.load(key.extentIndex(), plaintext));
      if (ahead) {
        this.ahead.put(key, extent);
      } else {
        insert(key, extent);
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
