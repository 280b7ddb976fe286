package io.unsealfs.storage.local;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The threads that copy content. Bounds how many files are open at a time, keeps the first failure
 * and lets everybody stop at it.
 */
final class CopyCrew implements AutoCloseable {
  private static final int FILES_PER_THREAD = 4;
  private static final ThreadFactory THREADS =
      Thread.ofPlatform().daemon().name("unsealfs-copy-", 0).factory();

  private final int parallelism;
  private final int maxFiles;
  private final Semaphore openFiles;
  private final ExecutorService threads;
  private final BlockingQueue<TransferChunk> chunks;
  private final StopSwitch stop;
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  CopyCrew(int parallelism, StopSwitch stop) {
    this.parallelism = parallelism;
    this.maxFiles = FILES_PER_THREAD * parallelism;
    this.openFiles = new Semaphore(maxFiles);
    this.threads = Executors.newFixedThreadPool(parallelism, THREADS);
    this.chunks = new ArrayBlockingQueue<>(parallelism);
    this.stop = stop;
  }

  int parallelism() {
    return parallelism;
  }

  /** Takes leave to open one more file, waiting until another was finished. */
  void beginFile() throws IOException {
    try {
      openFiles.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted(e);
    }
  }

  /** Ends what {@link #beginFile} began. */
  void endFile() {
    openFiles.release();
  }

  /** Runs {@code task} on one of the threads. Whatever it throws ends the copy. */
  void submit(Runnable task) {
    threads.execute(() -> {
      try {
        task.run();
      } catch (Throwable t) {
        abort(t);
      }
    });
  }

  TransferChunk takeChunk() {
    TransferChunk chunk = chunks.poll();
    return chunk == null ? new TransferChunk() : chunk;
  }

  void giveChunk(TransferChunk chunk) {
    boolean _ = chunks.offer(chunk);
  }

  /** Remembers the first failure; everybody stops at it. */
  void abort(Throwable cause) {
    failure.compareAndSet(null, cause);
  }

  boolean stopping() {
    return failure.get() != null || stop.stopped();
  }

  /** Throws what ended the copy, if something did. */
  void check() throws IOException {
    Throwable cause = failure.get();
    switch (cause) {
      case null -> stop.check();
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(cause);
    }
  }

  /** Waits until every file that was begun is ended, then throws what ended the copy, if any. */
  void await() throws IOException {
    try {
      openFiles.acquire(maxFiles);
      openFiles.release(maxFiles);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted(e);
    }
    check();
  }

  /** Waits for what still runs, wipes the chunks and lets the threads go. */
  @Override
  public void close() {
    openFiles.acquireUninterruptibly(maxFiles);
    threads.shutdown();
    chunks.forEach(TransferChunk::wipe);
  }

  private static InterruptedIOException interrupted(InterruptedException cause) {
    InterruptedIOException interrupted =
        new InterruptedIOException("interrupted before the end; nothing was kept");
    interrupted.initCause(cause);
    return interrupted;
  }
}
