package io.unsealfs.block;

import io.unsealfs.block.BlockLayout.CiphertextRange;
import io.unsealfs.block.BlockLayout.Extents;
import io.unsealfs.storage.Source;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Watches the reads of one open file and sees to it that what a reader in sequence wants next comes
 * in while he works, if the file comes in slower than he reads. A source that can be asked to bring
 * bytes closer is asked; of others the cache loads the next extents. It never blocks a reader and
 * never fails one: what cannot be loaded ahead is loaded on demand.
 */
public final class ReadAhead {

  /**
   * How to read ahead.
   *
   * @param executor runs the loads; it bounds its threads and its queue, and may reject. It must
   *     not run tasks in the calling thread.
   * @param windowBytes plaintext bytes to be ahead of the reader, per sequence
   * @param slowNanosPerByte what a byte of ciphertext has to cost, in nanoseconds, for reading
   *     ahead to begin; 0 to begin always
   */
  public record Policy(Executor executor, int windowBytes, double slowNanosPerByte) {
    /** Slower than 1 GB/s: what decrypts comes from memory about five times as fast. */
    private static final double SLOW = 1.0;

    /** Checks the window. */
    public Policy {
      if (windowBytes <= 0) {
        throw new IllegalArgumentException("read-ahead window must be positive");
      }
    }

    /** Reads ahead where a source is slower than about 1 GB/s. */
    public Policy(Executor executor, int windowBytes) {
      this(executor, windowBytes, SLOW);
    }
  }

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
  private final Source ciphertext;
  private final Pace pace;
  private final Executor executor;
  private final long windowBytes;
  private final ReadStreams streams = new ReadStreams(); // guarded by this
  private volatile boolean closed;

  private ReadAhead(
      BlockCache cache,
      long fileKey,
      Extents extents,
      ExtentLoader loader,
      Source ciphertext,
      Pace pace,
      Policy policy,
      long windowBytes) {
    this.cache = cache;
    this.fileKey = fileKey;
    this.extents = extents;
    this.loader = loader;
    this.ciphertext = ciphertext;
    this.pace = pace;
    this.executor = policy.executor();
    this.windowBytes = windowBytes;
  }

  /** Read-ahead for one open file, or null if the cache has none or is too small for it. */
  static @Nullable ReadAhead of(
      BlockCache cache,
      long fileKey,
      Extents extents,
      ExtentLoader loader,
      Source ciphertext,
      Pace pace) {
    Policy policy = cache.policy().readAhead();
    if (policy == null || extents.count() < 2) {
      return null;
    }
    long window = Math.min(policy.windowBytes(), cache.capacity() / CACHE_SHARE);
    return window < extents.fullPlaintextLength()
        ? null
        : new ReadAhead(cache, fileKey, extents, loader, ciphertext, pace, policy, window);
  }

  /** Notes that a reader is about to read {@code length} plaintext bytes from {@code offset}. */
  void reading(long offset, int length) {
    if (!pace.isSlow()) {
      return;
    }
    ReadStreams.Stream stream;
    long first;
    long end;
    int run;
    synchronized (this) {
      stream = streams.add(offset, length);
      if (closed || !stream.isSequential(TRIGGER_BYTES)) {
        return;
      }
      long frontier = stream.frontier;
      // the extents of the request itself are the reader's own
      first = Math.max(extents.extentOf(stream.mark), extents.extentOf(frontier - 1) + 1);
      long left = extents.plaintextSize() - frontier;
      end = left <= windowBytes ? extents.count() : extents.extentOf(frontier + windowBytes);
      if (first >= end) {
        return;
      }
      stream.mark = extents.start(end);
      run = stream.run;
    }
    if (!askSource(first, end)) {
      submit(first, end, stream, run);
    }
  }

  private boolean askSource(long first, long end) {
    long start = extents.start(first);
    CiphertextRange range =
        extents
            .layout()
            .ciphertextRange(start, extents.start(end) - start, extents.plaintextSize());
    return ciphertext.willNeed(range.offset(), range.length());
  }

  private void submit(long first, long end, ReadStreams.Stream stream, int run) {
    try {
      for (long extentIndex = first; extentIndex < end; extentIndex++) {
        executor.execute(new Task(extentIndex, stream, run));
      }
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      // The loaders are busy with something else, or there is no thread to be had: these extents
      // are loaded on demand.
      return;
    }
  }

  /** Stops: loads not yet begun are dropped. */
  void close() {
    closed = true;
  }

  private final class Task implements Runnable {
    private final long extentIndex;
    private final ReadStreams.Stream stream;
    private final int run;

    Task(long extentIndex, ReadStreams.Stream stream, int run) {
      this.extentIndex = extentIndex;
      this.stream = stream;
      this.run = run;
    }

    @Override
    public void run() {
      if (!closed && run == stream.run) {
        cache.loadAhead(new BlockKey(fileKey, extentIndex), loader);
      }
    }
  }
}
