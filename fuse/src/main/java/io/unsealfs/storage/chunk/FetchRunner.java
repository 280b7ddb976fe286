package io.unsealfs.storage.chunk;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.object.CancelledReadException;
import io.unsealfs.storage.object.Fetched;
import io.unsealfs.storage.object.ObjectNotFoundException;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.StoreProtocolException;
import io.unsealfs.storage.object.ThrottledException;
import io.unsealfs.storage.object.TransientStoreException;
import java.io.Closeable;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes one try of a request, and decides from how it ended what becomes of it (object-storage.md
 * section 5). A request that is to be repeated waits outside the queue, so that it keeps no other
 * from running.
 */
final class FetchRunner implements Consumer<Fetch>, Closeable {
  /** Instead of a pause. */
  private static final long OVER = -1;

  /** No pause. */
  private static final long AT_ONCE = 0;

  private final ObjectStore objects;
  private final RetryPolicy retries;
  private final ChunkCounters counters;
  private final ChunkStore store;
  private final Latencies latencies = new Latencies();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("unsealfs-fetch-timer").factory());
  private final Set<Fetch> pausing = new HashSet<>(); // guarded by itself
  private @Nullable FetchQueue queue; // set once, before the first request

  FetchRunner(ObjectStore objects, RetryPolicy retries, ChunkCounters counters, ChunkStore store) {
    this.objects = objects;
    this.retries = retries;
    this.counters = counters;
    this.store = store;
  }

  /** Where repeated requests line up again. */
  void use(FetchQueue line) {
    queue = line;
  }

  Latencies latencies() {
    return latencies;
  }

  @Override
  public void accept(Fetch fetch) {
    IOException cause;
    try {
      boolean pointless = fetch.cancellation.isCancelled() || fetch.isCovered();
      if (!pointless && (fetch.isLanded() || store.land(fetch))) {
        long pauseMillis = ask(fetch);
        if (pauseMillis != OVER) {
          repeatIn(pauseMillis, fetch);
          return;
        }
      }
      cause = null;
    } catch (IOException e) {
      cause = e;
    } catch (OutOfMemoryError e) {
      cause =
          new StorageException(
              fetch.object
                  + ": no memory for what comes ("
                  + e.getMessage()
                  + "); give this process more",
              e);
    } catch (Throwable e) {
      // a reader must get an answer, and the queue go on, whatever a store and its libraries do
      cause = new StorageException(fetch.object + ": an unexpected failure of the store", e);
    }
    store.ended(fetch, cause);
  }

  /**
   * One try.
   *
   * @return milliseconds after which it is to be repeated, or {@link #OVER}
   * @throws IOException if it failed for good
   */
  private long ask(Fetch fetch) throws IOException {
    fetch.skipPresent();
    if (fetch.remaining() == 0) {
      return OVER;
    }
    long from = fetch.position();
    FetchQueue line = line();
    counters.requests.increment();
    fetch.running = true;
    boolean complete = false;
    long began = System.nanoTime();
    try {
      Fetched fetched =
          objects.get(fetch.object.version(), from, fetch.remaining(), fetch, fetch.cancellation);
      complete = true;
      latencies.add(fetched.firstByteNanos());
      counters.firstByteNanos.add(fetched.firstByteNanos());
      if (fetched.slowedMillis() > 0) {
        counters.throttled.increment();
      }
      line.completed(fetch.position() - from, fetched.slowedMillis() > 0);
      return OVER;
    } catch (CancelledReadException e) {
      // nobody wants it any more, or its double was faster
      return OVER;
    } catch (IntegrityException e) {
      if (fetch.askAgain(e)) {
        counters.distrusted.increment();
      }
      return AT_ONCE;
    } catch (TransientStoreException e) {
      if (e instanceof ThrottledException) {
        counters.throttled.increment();
        line.congested();
      }
      return pauseMillis(fetch, fetch.position() - from, e);
    } catch (ObjectNotFoundException e) {
      store.stale(fetch.object, "it was removed from the store");
      throw staleFrom(fetch, e);
    } catch (StaleSourceException e) {
      store.stale(fetch.object, "it was replaced in the store");
      throw staleFrom(fetch, e);
    } catch (StoreProtocolException e) {
      counters.protocolFault(e.fault());
      throw e;
    } finally {
      fetch.running = false;
      counters.askedAgain(fetch.takeBroken());
      counters.fetched(fetch, fetch.position() - from);
      long tookNanos = System.nanoTime() - began;
      (complete ? counters.requestNanos : counters.failedRequestNanos).add(tookNanos);
      if (!complete) {
        counters.failedRequests.increment();
      }
    }
  }

  private static StaleSourceException staleFrom(Fetch fetch, IOException cause) {
    StaleSourceException stale = fetch.object.stale();
    return stale == null
        ? new StaleSourceException(fetch.object + ": replaced in the store", cause)
        : stale;
  }

  private long pauseMillis(Fetch fetch, long broughtBytes, TransientStoreException cause)
      throws IOException {
    int failed = fetch.failedOnce(broughtBytes);
    long pauseMillis =
        retries.pauseMillis(failed, cause.retryAfterMillis(), new SplittableRandom());
    long since = System.nanoTime() - fetch.firstTryNanos();
    boolean inTime =
        since + TimeUnit.MILLISECONDS.toNanos(pauseMillis) < retries.deadline().toNanos();
    if (fetch.hedge || failed >= retries.tries() || !inTime) {
      throw cause;
    }
    counters.retried(ChunkFigures.RetryCause.of(cause));
    return pauseMillis;
  }

  /** From here on the fetch is another thread's. */
  private void repeatIn(long pauseMillis, Fetch fetch) {
    // many may pause at a time, whatever the limit; what brought nothing needs no memory meanwhile
    fetch.takeOff();
    synchronized (pausing) {
      pausing.add(fetch);
    }
    try {
      var _ = timer.schedule(() -> resume(fetch), pauseMillis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      // closed a moment ago, or no thread to be had: then without a pause
      resume(fetch);
    }
  }

  private void resume(Fetch fetch) {
    boolean ours;
    synchronized (pausing) {
      ours = pausing.remove(fetch);
    }
    if (ours) {
      store.submitToStore(fetch);
    }
  }

  private FetchQueue line() {
    FetchQueue line = queue;
    if (line == null) {
      throw new IllegalStateException("no queue");
    }
    return line;
  }

  /** What waits to be repeated is not. */
  @Override
  public void close() {
    timer.shutdownNow();
    List<Fetch> left;
    synchronized (pausing) {
      left = List.copyOf(pausing);
    }
    left.forEach(this::resume);
  }
}
