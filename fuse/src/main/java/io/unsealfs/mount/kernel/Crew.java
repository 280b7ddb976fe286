package io.unsealfs.mount.kernel;

import io.unsealfs.mount.point.Roster;
import io.unsealfs.mount.point.ServingLoop;
import io.unsealfs.mount.resident.ResidentFigures;
import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.SystemCallException;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * The workers of one connection. As many as there are cores wait for requests from the start; they
 * stay for good, and so do their buffers; a {@link Roster} adds more where all of them hang.
 */
final class Crew implements ServingLoop {
  private static final System.Logger LOG = System.getLogger(Crew.class.getName());

  private final FuseDevice device;
  private final BiFunction<Crew, FuseDevice, Worker> maker;
  private final Closeable whenOver;
  private final List<Worker> workers = new CopyOnWriteArrayList<>();
  private final Interrupts interrupts;
  private final @Nullable ResidentOpens resident;
  private final Roster roster;
  private final AtomicInteger lastAsker = new AtomicInteger();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final CompletableFuture<@Nullable Void> afterwards = new CompletableFuture<>();

  /**
   * A crew that is not at work yet.
   *
   * @param maker makes a worker that reads from the given device
   * @param most workers at most
   * @param patience before another is added
   * @param remote whether they may wait for a network; where one does, there is no patience
   * @param interrupts of this connection
   * @param resident the openers that wait without a worker; null for none
   * @param whenOver closed by the last worker to leave
   */
  Crew(
      FuseDevice device,
      BiFunction<Crew, FuseDevice, Worker> maker,
      int most,
      Duration patience,
      boolean remote,
      Interrupts interrupts,
      @Nullable ResidentOpens resident,
      Closeable whenOver) {
    this.device = device;
    this.maker = maker;
    this.interrupts = interrupts;
    this.resident = resident;
    this.whenOver = whenOver;
    this.roster =
        remote
            ? new Roster(most, patience, this::oneWaits, this::add, this::over)
            : new Roster(most, patience, this::add, this::over);
  }

  /** Sets {@code count} workers to work. */
  void start(int count) {
    roster.start(count);
  }

  private void add(int number) {
    FuseDevice own = ownDevice();
    Worker worker = null;
    boolean started = false;
    try {
      worker = maker.apply(this, own);
      workers.add(worker);
      Thread thread = new Thread(worker, "unsealfs-fuse-" + number);
      thread.setDaemon(true);
      thread.start();
      started = true;
    } finally {
      if (!started) {
        if (worker != null) {
          workers.remove(worker);
          worker.stopPolling();
        }
        letGo(own);
      }
    }
  }

  private boolean oneWaits() {
    // asked every two milliseconds of a busy start, when nothing is compiled: no stream
    for (Worker worker : workers) {
      if (worker.waits()) {
        return true;
      }
    }
    return false;
  }

  private void letGo(FuseDevice own) {
    if (own != device) {
      own.close();
    }
  }

  /**
   * A descriptor of its own spares a worker the lock that those of one descriptor share. Where the
   * kernel does not allow it they share.
   */
  private FuseDevice ownDevice() {
    try {
      return device.cloned();
    } catch (SystemCallException e) {
      LOG.log(Level.DEBUG, "the workers share one descriptor of /dev/fuse: {0}", e.getMessage());
      return device;
    }
  }

  /** A worker waits for a request. */
  void idle() {
    roster.idle();
  }

  /** Notes who asks; whether the request before this one came from the same thread. */
  boolean isSameAsker(int thread) {
    if (lastAsker.get() == thread) {
      return true;
    }
    lastAsker.set(thread);
    return false;
  }

  /** Whether no worker has a request at hand, the one that asks included. */
  boolean isIdle() {
    return roster.isIdle();
  }

  /** A worker has got one. */
  void busy() {
    roster.busy();
  }

  /** Passes an interrupt on to whoever answers this request. */
  void interrupt(long unique) {
    interrupts.note(unique);
    workers.forEach(worker -> worker.interrupt(unique));
    if (resident != null) {
      resident.interrupt(unique);
    }
  }

  boolean wasInterrupted(long unique) {
    return interrupts.contains(unique);
  }

  /** A worker found the connection over. The others hear it too, unless they hang in a source. */
  void left(Worker worker) {
    workers.forEach(Worker::interruptAny);
    letGo(worker.device());
    roster.left();
  }

  /** The last has left. */
  private void over() {
    try {
      // what nobody uses is wiped afterwards: who waits for the end does not wait for that
      revoke();
      device.close();
      whenOver.close();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "closing the files still open: {0}", e.getMessage());
    } finally {
      afterwards.complete(null);
      ended.countDown();
      wipe();
    }
  }

  /** As {@link Roster#isServing}. */
  boolean isServing(Duration timeout) throws InterruptedException {
    return roster.isServing(timeout);
  }

  /** Figures of resident mode, if it is on. */
  Optional<ResidentFigures> figures() {
    return Optional.ofNullable(resident).map(ResidentOpens::figures);
  }

  /** Memory is short. */
  void memoryIsShort() {
    if (resident != null) {
      resident.shrink();
    }
  }

  /** Takes what files were decrypted into from those who have it open or mapped. */
  void revoke() {
    if (resident != null) {
      resident.cutOff();
    }
  }

  /** Overwrites and frees the rest of it as well; returns when that is done, whoever does it. */
  void wipe() {
    if (resident != null) {
      resident.close();
    }
  }

  /** Has this run once all have left, at once if they have. */
  void whenEnded(Runnable task) {
    CompletableFuture<Void> _ = afterwards.thenRun(task);
  }

  @Override
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    return ended.await(timeout.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public boolean hasEnded() {
    return ended.getCount() == 0;
  }
}
