package io.unsealfs.daemon;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Gives the cache's memory back while memory is short: a container whose limit is reached is
 * killed, and a mount that dies takes its readers with it. Halves the cache on each call for help,
 * down to a floor that keeps reads working, and lets it grow again in steps when there has been
 * room for a while. One thread calls it.
 */
final class CacheKeeper {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  /** Least size, unless the cache was made smaller: a few extents for each of several readers. */
  private static final long FLOOR_BYTES = 8L << 20;

  /** Without a shortage for so long, the cache grows by a step. */
  private static final Duration CALM = Duration.ofSeconds(60);

  private static final int GROWTH_STEPS = 8;

  /** A full collection stops all readers for tens of milliseconds: seldom. */
  private static final Duration BETWEEN_COLLECTIONS = Duration.ofSeconds(10);

  private static final Duration BETWEEN_LINES = Duration.ofMinutes(10);

  private final long fullBytes;
  private final LongConsumer resize;
  private final Runnable collect;
  private final LongSupplier nanoClock;
  private long bytes;
  private long changedNanos;
  private long collectedNanos;
  private long saidNanos;

  /**
   * Keeps a cache.
   *
   * @param fullBytes its size while there is room
   * @param resize sets its size in bytes
   * @param collect gives back what nobody uses: seldom
   */
  CacheKeeper(long fullBytes, LongConsumer resize, Runnable collect, LongSupplier nanoClock) {
    this.fullBytes = fullBytes;
    this.resize = resize;
    this.collect = collect;
    this.nanoClock = nanoClock;
    this.bytes = fullBytes;
    long now = nanoClock.getAsLong();
    this.changedNanos = now;
    this.collectedNanos = now - BETWEEN_COLLECTIONS.toNanos();
    this.saidNanos = now - BETWEEN_LINES.toNanos();
  }

  /** Memory is short. */
  void shortage() {
    long now = nanoClock.getAsLong();
    changedNanos = now;
    long smaller = Math.max(Math.min(fullBytes, FLOOR_BYTES), bytes / 2);
    if (smaller < bytes) {
      bytes = smaller;
      resize.accept(bytes);
    }
    if (now - collectedNanos >= BETWEEN_COLLECTIONS.toNanos()) {
      collectedNanos = now;
      collect.run();
    }
    if (now - saidNanos >= BETWEEN_LINES.toNanos()) {
      saidNanos = now;
      LOG.log(
          Level.WARNING,
          "memory is short: the cache shrinks to {0} MiB of {1} MiB; more memory or a smaller"
              + " cache= mends it",
          Long.toString(bytes >> 20),
          Long.toString(fullBytes >> 20));
    }
  }

  /** There was no shortage for some time. */
  void calm() {
    long now = nanoClock.getAsLong();
    if (bytes < fullBytes && now - changedNanos >= CALM.toNanos()) {
      changedNanos = now;
      bytes = Math.min(fullBytes, bytes + Math.max(1, fullBytes / GROWTH_STEPS));
      resize.accept(bytes);
    }
  }

  /** The size now, bytes. */
  long bytes() {
    return bytes;
  }
}
