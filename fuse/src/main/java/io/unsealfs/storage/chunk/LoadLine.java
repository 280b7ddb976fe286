package io.unsealfs.storage.chunk;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Requests that wait for the disk cache, in the order of the priority they have when a thread is
 * free: whoever waits comes before what is fetched ahead, also where he joined it later. Threads
 * live only while there is work.
 */
final class LoadLine {
  private final ThreadPoolExecutor threads;
  private final Consumer<Fetch> loader;
  private final List<Fetch> waiting = new ArrayList<>(); // guarded by itself

  /**
   * An empty line.
   *
   * @param loader brings one request; must not throw
   */
  LoadLine(String threadName, int threadCount, Consumer<Fetch> loader) {
    this.loader = loader;
    this.threads =
        new ThreadPoolExecutor(
            threadCount,
            threadCount,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name(threadName, 0).factory());
    threads.allowCoreThreadTimeOut(true);
  }

  /** Puts a request in line; false if it cannot be brought: closed, or no thread to be had. */
  boolean add(Fetch fetch) {
    synchronized (waiting) {
      waiting.add(fetch);
    }
    try {
      threads.execute(this::loadBest);
      return true;
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      synchronized (waiting) {
        // unless a thread that was there for another one has taken it
        return !waiting.remove(fetch);
      }
    }
  }

  private void loadBest() {
    Fetch best = null;
    synchronized (waiting) {
      // equal ones in the order in which they came
      for (Fetch fetch : waiting) {
        if (best == null || fetch.priority.compareTo(best.priority) < 0) {
          best = fetch;
        }
      }
      if (best != null) {
        waiting.remove(best);
      }
    }
    if (best != null) {
      loader.accept(best);
    }
  }

  /** Begins nothing more. */
  void close() {
    threads.shutdownNow();
  }

  /** Waits for what is under way. */
  boolean awaitIdle(long seconds) throws InterruptedException {
    return threads.awaitTermination(seconds, TimeUnit.SECONDS);
  }
}
