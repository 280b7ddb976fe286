package io.unsealfs.block;

import io.unsealfs.block.BlockLayout.Extents;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Watches the reads of one open file and has the cache load the next extents while they are in
 * sequence. It follows one stream; a second one in the same open file looks like random access to
 * it. It never blocks a reader and never fails one: what cannot be loaded ahead is loaded on
 * demand.
 */
public final class ReadAhead {

  /**
   * How to read ahead.
   *
   * @param executor runs the loads; it bounds its threads and its queue, and may reject. It must
   *     not run tasks in the calling thread.
   * @param windowBytes plaintext bytes to be ahead of the reader, per open file
   */
  public record Policy(Executor executor, int windowBytes) {
    /** Checks the window. */
    public Policy {
      if (windowBytes <= 0) {
        throw new IllegalArgumentException("read-ahead window must be positive");
      }
    }
  }

  /** The kernel's own requests, up to 128 KiB each, arrive out of order by a few. */
  private static final long SLACK_BYTES = 512 << 10;

  /**
   * How much of a run must be read before it counts as sequential: two of the kernel's requests.
   */
  private static final long TRIGGER_BYTES = 256 << 10;

  /** Share of the cache that one file's window may take. */
  private static final int CACHE_SHARE = 4;

  private final BlockCache cache;
  private final long fileKey;
  private final Extents extents;
  private final ExtentLoader loader;
  private final Executor executor;
  private final long windowBytes;

  // guarded by this
  private long covered;
  private long frontier;
  private long nextExtent;

  /** Number of the current run; loads queued for an earlier one are not begun. */
  private final AtomicInteger runs = new AtomicInteger();

  private volatile boolean closed;

  private ReadAhead(
      BlockCache cache,
      long fileKey,
      Extents extents,
      ExtentLoader loader,
      Executor executor,
      long windowBytes) {
    this.cache = cache;
    this.fileKey = fileKey;
    this.extents = extents;
    this.loader = loader;
    this.executor = executor;
    this.windowBytes = windowBytes;
  }

  /** Read-ahead for one open file, or null if the cache has none or is too small for it. */
  static @Nullable ReadAhead of(
      BlockCache cache, long fileKey, Extents extents, ExtentLoader loader) {
    Policy policy = cache.readAhead();
    if (policy == null || extents.count() < 2) {
      return null;
    }
    long window = Math.min(policy.windowBytes(), cache.capacity() / CACHE_SHARE);
    return window < extents.fullPlaintextLength()
        ? null
        : new ReadAhead(cache, fileKey, extents, loader, policy.executor(), window);
  }

  /** Notes that a reader is about to read {@code length} plaintext bytes from {@code offset}. */
  void reading(long offset, int length) {
    long first;
    long end;
    int current;
    synchronized (this) {
      if (Math.abs(offset - frontier) > SLACK_BYTES) {
        restart(offset);
      }
      long advance = Math.max(0, offset + length - frontier);
      frontier += advance;
      covered += Math.min(advance, length);
      if (closed || covered < TRIGGER_BYTES) {
        return;
      }
      // the extents of the request itself are the reader's own
      first = Math.max(nextExtent, extents.extentOf(frontier - 1) + 1);
      long left = extents.plaintextSize() - frontier;
      end = left <= windowBytes ? extents.count() : extents.extentOf(frontier + windowBytes);
      if (first >= end) {
        return;
      }
      nextExtent = end;
      current = runs.get();
    }
    submit(first, end, current);
  }

  private void restart(long offset) {
    covered = 0;
    frontier = offset;
    nextExtent = 0;
    runs.incrementAndGet();
  }

  private void submit(long first, long end, int current) {
    try {
      for (long extentIndex = first; extentIndex < end; extentIndex++) {
        executor.execute(new Task(extentIndex, current));
      }
    } catch (RejectedExecutionException e) {
      // The loaders are busy with something else: these extents are loaded on demand.
      return;
    }
  }

  /** Stops: loads not yet begun are dropped. */
  void close() {
    closed = true;
  }

  private final class Task implements Runnable {
    private final long extentIndex;
    private final int run;

    Task(long extentIndex, int run) {
      this.extentIndex = extentIndex;
      this.run = run;
    }

    @Override
    public void run() {
      if (!closed && run == runs.get()) {
        cache.loadAhead(new BlockKey(fileKey, extentIndex), loader);
      }
    }
  }
}
