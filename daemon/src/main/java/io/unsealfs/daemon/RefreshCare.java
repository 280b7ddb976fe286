package io.unsealfs.daemon;

import io.unsealfs.mount.Mount;
import io.unsealfs.storage.object.Cancellation;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Looks again at the bucket behind a mount, every so often and when asked to, and has the kernel
 * forget what is no longer so. A look that fails leaves everything as it was.
 */
final class RefreshCare implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  /** For answers from the old tree that were on their way to the kernel. */
  private static final Duration AFTERTHOUGHT = Duration.ofSeconds(1);

  private final Place place;
  private final Mount mount;
  private final Duration interval;
  private final Cancellation cancellation = new Cancellation();
  private final BlockingQueue<Boolean> asked = new ArrayBlockingQueue<>(1);
  private final Thread thread;
  private boolean saidReplaced; // used by the thread

  private RefreshCare(Place place, Mount mount, Duration interval) {
    this.place = place;
    this.mount = mount;
    this.interval = interval;
    this.thread = Thread.ofPlatform().daemon().name("unsealfs-refresh").unstarted(this::run);
  }

  /**
   * Begins.
   *
   * @param place that the volume lies in, if it can be looked at again
   * @param mounted what shows it
   * @param interval between two looks, zero for only when asked
   * @return empty if there is nothing to look at
   */
  static Optional<RefreshCare> begin(
      Optional<Place> place, Optional<Mount> mounted, Duration interval) {
    if (place.isEmpty() || mounted.isEmpty()) {
      return Optional.empty();
    }
    RefreshCare care = new RefreshCare(place.get(), mounted.get(), interval);
    if (mounted.get().notRefreshable().isEmpty()) {
      care.thread.start();
    } else if (!interval.isZero()) {
      care.refuse();
    }
    return Optional.of(care);
  }

  private void refuse() {
    LOG.log(Level.WARNING, "refresh: off: {0}", mount.notRefreshable().orElse(""));
  }

  /** Has it look soon; one that is asked for while it looks comes after that. */
  void ask() {
    if (mount.notRefreshable().isPresent()) {
      refuse();
      return;
    }
    boolean _ = asked.offer(true);
  }

  private void run() {
    try {
      while (!cancellation.isCancelled()) {
        boolean onDemand = await() != null;
        look(onDemand);
      }
    } catch (InterruptedException e) {
      // closed
    }
  }

  private @Nullable Boolean await() throws InterruptedException {
    return interval.isZero() ? asked.take() : asked.poll(interval.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void look(boolean onDemand) throws InterruptedException {
    try {
      Refreshed refreshed = place.refresh(cancellation);
      if (refreshed.isReplaced()) {
        LOG.log(saidReplaced ? Level.DEBUG : Level.WARNING, "refresh: {0}", refreshed.what());
      } else {
        boolean worthALine = onDemand || refreshed.isTreeNew();
        LOG.log(worthALine ? Level.INFO : Level.DEBUG, "refresh: {0}", refreshed.what());
      }
      saidReplaced = refreshed.isReplaced();
      if (refreshed.isTreeNew()) {
        mount.treeChanged();
        Thread.sleep(AFTERTHOUGHT);
        mount.treeChanged();
      }
    } catch (IOException | RuntimeException | VirtualMachineError e) {
      // a listing that does not fit the memory is garbage by now, and what is shown stays
      if (!cancellation.isCancelled()) {
        LOG.log(
            Level.WARNING,
            "refresh: failed, all stays as it is: {0}",
            e instanceof IOException ? e.getMessage() : e.toString());
      }
    }
  }

  /** Looks no more; waits for nothing. Idempotent. */
  @Override
  public void close() {
    cancellation.cancel();
    thread.interrupt();
  }
}
