package io.unsealfs.storage.chunk;

import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Requests in the order of their priority, as many at a time as {@link ConcurrencyLimit} lets.
 * Those ahead of readers leave a quarter of it to those whom somebody waits for. Threads live only
 * while there is work.
 */
final class FetchQueue {
  private final Map<Priority, Deque<Fetch>> waiting = new EnumMap<>(Priority.class);
  private final ConcurrencyLimit limit; // guarded by this, like all
  private final ThreadPoolExecutor threads;
  private final Consumer<Fetch> runner;
  private final BiConsumer<Fetch, IOException> refused;
  private int running;
  private int runningAhead;
  private boolean closed;
  private volatile boolean moved;

  /**
   * An empty queue.
   *
   * @param runner makes one try of a request
   * @param refused is told of a request that left the line and cannot be run, and why
   * @param factory of daemon threads
   */
  FetchQueue(
      int maxConnections,
      Consumer<Fetch> runner,
      BiConsumer<Fetch, IOException> refused,
      ThreadFactory factory) {
    this.limit = new ConcurrencyLimit(maxConnections, System.nanoTime());
    this.runner = runner;
    this.refused = refused;
    for (Priority priority : Priority.values()) {
      waiting.put(priority, new ArrayDeque<>());
    }
    // its size is bounded by the limit: a thread is asked for only below it
    this.threads =
        new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), factory);
  }

  /** Puts a request in line; false if the queue is closed. */
  boolean add(Fetch fetch) {
    synchronized (this) {
      if (closed) {
        return false;
      }
      fetch.queued = true;
      if (fetch.promoted) {
        fetch.priority = Priority.DEMAND;
      }
      line(fetch.priority).add(fetch);
    }
    dispatch();
    return true;
  }

  /**
   * Somebody waits for {@code fetch} now. To be followed by {@link #startPromoted}, outside of all
   * locks, since there may be room for it at once.
   */
  synchronized void promote(Fetch fetch) {
    if (fetch.priority == Priority.DEMAND) {
      return;
    }
    boolean waits = fetch.queued && line(fetch.priority).remove(fetch);
    if (!waits && fetch.places > 0) {
      // keeps its place among those ahead of readers; nothing would be won before it is repeated
      fetch.promoted = true;
      return;
    }
    // one that does not wait is at the disk, or pauses before it is repeated
    fetch.priority = Priority.DEMAND;
    if (waits) {
      line(Priority.DEMAND).add(fetch);
      moved = true;
    }
  }

  /** Starts what was promoted, if it may start. */
  void startPromoted() {
    if (moved) {
      moved = false;
      dispatch();
    }
  }

  /** Takes {@code fetch} out of the line; false if it is not in it. */
  synchronized boolean remove(Fetch fetch) {
    boolean waits = fetch.queued && line(fetch.priority).remove(fetch);
    if (waits) {
      fetch.queued = false;
    }
    return waits;
  }

  /** Requests under way. */
  synchronized int inFlight() {
    return running;
  }

  /** Most requests at a time, now. */
  synchronized int limit() {
    return limit.limit();
  }

  /** A request brought {@code bytes}; {@code slowed} if the store held it back. */
  void completed(long bytes, boolean slowed) {
    synchronized (this) {
      long now = System.nanoTime();
      if (slowed) {
        limit.congested(now, TimeUnit.SECONDS.toNanos(1));
      } else {
        limit.completed(bytes, now);
      }
    }
  }

  /** The store asks for less. */
  synchronized void congested() {
    limit.congested(System.nanoTime(), TimeUnit.SECONDS.toNanos(1));
  }

  private void dispatch() {
    while (true) {
      Fetch next;
      synchronized (this) {
        next = closed ? null : next();
      }
      if (next == null) {
        return;
      }
      start(next);
    }
  }

  private void start(Fetch fetch) {
    boolean ahead = fetch.priority != Priority.DEMAND;
    try {
      threads.execute(() -> {
        try {
          runner.accept(fetch);
        } finally {
          ended(fetch, ahead);
          dispatch();
        }
      });
    } catch (Throwable e) {
      // closed a moment ago, or no thread to be had: whoever waits must get an answer
      ended(fetch, ahead);
      refused.accept(fetch, new StorageException(fetch.object + ": cannot be fetched now", e));
    }
  }

  private synchronized void ended(Fetch fetch, boolean ahead) {
    fetch.places--;
    running--;
    if (ahead) {
      runningAhead--;
    }
  }

  private @Nullable Fetch next() {
    Fetch fetch = null;
    if (running < limit.limit()) {
      fetch = line(Priority.DEMAND).poll();
      if (fetch == null && runningAhead < limit.limitAhead()) {
        fetch = line(Priority.PREFETCH).poll();
        fetch = fetch == null ? line(Priority.WARM).poll() : fetch;
      }
    }
    if (fetch == null) {
      if (waiting.values().stream().anyMatch(line -> !line.isEmpty())) {
        limit.reached();
      }
      return null;
    }
    fetch.queued = false;
    fetch.places++;
    running++;
    if (fetch.priority != Priority.DEMAND) {
      runningAhead++;
    }
    return fetch;
  }

  private Deque<Fetch> line(Priority priority) {
    Deque<Fetch> line = waiting.get(priority);
    if (line == null) {
      throw new IllegalStateException("no line for " + priority);
    }
    return line;
  }

  /** Begins nothing more; what waited is returned. What is under way is to be cancelled. */
  List<Fetch> close() {
    List<Fetch> left = new ArrayList<>();
    synchronized (this) {
      closed = true;
      waiting
          .values()
          .forEach(line -> {
            left.addAll(line);
            line.clear();
          });
    }
    threads.shutdown();
    return left;
  }

  /** Waits for what is under way. */
  boolean awaitIdle(long seconds) throws InterruptedException {
    return threads.awaitTermination(seconds, TimeUnit.SECONDS);
  }
}
