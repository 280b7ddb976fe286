package io.unsealfs.daemon.start;

import io.unsealfs.storage.chunk.FetchRehearsal;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Runs the code that reads buckets on an invented object from the start of a mount, while one
 * processor has little to do: the mount itself is one thread, and waits for listings and keys. The
 * first gigabyte read then takes a tenth less. Bounded in time, and ended by {@link #close}.
 */
public final class FetchWarmUp implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(FetchWarmUp.class.getName());

  private static final long MOST_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  private final Optional<Thread> thread;
  private volatile boolean stopped;

  private FetchWarmUp(boolean useful) {
    thread =
        useful
            ? Optional.of(
                Thread.ofPlatform().daemon().name("unsealfs-fetch-warm-up").unstarted(this::run))
            : Optional.empty();
  }

  /**
   * Begins, on a thread of its own, where the mount leaves a processor idle.
   *
   * @param bucket whether that is where the volume lies; nothing is done otherwise
   */
  public static FetchWarmUp begin(boolean bucket) {
    FetchWarmUp warmUp = new FetchWarmUp(bucket && Runtime.getRuntime().availableProcessors() > 1);
    warmUp.thread.ifPresent(Thread::start);
    return warmUp;
  }

  /** What it runs on, if it does. */
  Optional<Thread> thread() {
    return thread;
  }

  private void run() {
    long end = System.nanoTime() + MOST_NANOS;
    try (FetchRehearsal rehearsal = new FetchRehearsal()) {
      rehearsal.readOnce(() -> !stopped && System.nanoTime() < end);
    } catch (IOException | RuntimeException e) {
      // the mount itself will say it, with the name of the volume
      LOG.log(Level.DEBUG, "the warm-up of fetching failed", e);
    }
  }

  /** Ends it within a fraction of a millisecond. */
  @Override
  public void close() {
    stopped = true;
  }
}
