package io.unsealfs.daemon.start;

import io.unsealfs.os.ProcessControl;
import io.unsealfs.storage.chunk.FetchRehearsal;
import io.unsealfs.storage.object.http.RehearsalStore;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Runs the code that reads buckets on an invented object from the start of a mount, on whatever
 * processor has nothing else to do: the mount itself is one thread, and waits for listings and
 * keys. The first gigabyte read then takes a tenth less. Goes on behind the mount if there was
 * little time, always with the lowest priority. Bounded in time, and ended by {@link #close}.
 */
public final class FetchWarmUp implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(FetchWarmUp.class.getName());

  /** Reading so much once has most of the code compiled. */
  private static final long OBJECT_BYTES = 512L << 20;

  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(2);

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
    // what it starts inherits that
    ProcessControl.letOthersGoFirst();
    long end = System.nanoTime() + MOST_NANOS;
    RehearsalStore nowhere = new RehearsalStore(OBJECT_BYTES);
    try (FetchRehearsal rehearsal = new FetchRehearsal(nowhere, nowhere.object())) {
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
