package io.unsealfs.mount.resident;

import io.unsealfs.os.CgroupMemory;
import io.unsealfs.os.HiddenMemory;
import io.unsealfs.os.MemoryPressure;
import io.unsealfs.os.ProcessControl;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.os.TouchedMemory;
import java.io.Closeable;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Touches memory for the files to come while a mount waits for evidence and key, and holds it until
 * it is filled: what a hypervisor has taken back from this machine is slow to get, and what is
 * freed goes back to it within seconds. A thread of the lowest priority; it takes only what nobody
 * uses, cached files included, since in what they use there is nothing to gain.
 *
 * <p>All of it is freed when memory gets short, when no file is opened for a minute, and at the
 * end.
 */
public final class TouchAhead implements Closeable {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  /** What stays unused beside it. */
  private static final long RESERVE_BYTES = 256L << 20;

  /** Between two looks at what is unused. */
  private static final int UNITS_BETWEEN_LOOKS = 8;

  /** How long it goes on after the mount. */
  private static final long ON_MOUNTED_NANOS = Duration.ofSeconds(2).toNanos();

  /** While somebody fills a file, the cores are his. */
  private static final Duration PAUSE = Duration.ofMillis(100);

  private static final Duration LOOK = Duration.ofSeconds(1);

  private static final Duration LEAST = Duration.ofMillis(1);

  private static final long KEPT_NANOS = Duration.ofSeconds(60).toNanos();

  /** Waits for memory to be short; true if it is. */
  @FunctionalInterface
  interface Shortage {
    /** Waits so long at most. */
    boolean await(Duration timeout) throws InterruptedException;
  }

  private final TouchedMemory memory;
  private final long mostBytes;
  private final LongSupplier unused;
  private final LongSupplier nanoClock;
  private final AtomicLong takenBytes = new AtomicLong();
  private final AtomicLong givenBytes = new AtomicLong();
  private volatile long takenNanos;
  private volatile long mountedNanos;
  private volatile long openedNanos;
  private volatile boolean mounted;
  private volatile boolean closed;

  /**
   * Nothing touched yet.
   *
   * @param mostBytes what is touched at most; what was filled since counts as well
   * @param unused memory that can be had without anybody losing any, bytes
   */
  TouchAhead(long mostBytes, LongSupplier unused, LongSupplier nanoClock)
      throws SystemCallException {
    this.memory = TouchedMemory.upTo(mostBytes);
    this.mostBytes = mostBytes;
    this.unused = unused;
    this.nanoClock = nanoClock;
    this.takenNanos = nanoClock.getAsLong() - PAUSE.toNanos();
  }

  /**
   * Begins, on a thread of its own. Touches nothing where files cannot be resident.
   *
   * @param mostBytes what is touched at most
   * @throws SystemCallException ENOMEM where the address space is limited
   */
  public static TouchAhead begin(long mostBytes) throws SystemCallException {
    TouchAhead touching = new TouchAhead(mostBytes, CgroupMemory::unusedBytes, System::nanoTime);
    Thread.ofPlatform().daemon().name("unsealfs-touch").start(touching::runAlone);
    return touching;
  }

  private void runAlone() {
    try (MemoryPressure pressure = MemoryPressure.ofThisProcess()) {
      HiddenMemory.create(HiddenMemory.UNIT).close();
      ProcessControl.letOthersGoFirst();
      run(pressure::await);
    } catch (SystemCallException e) {
      // the mount finds that out as well, and says it
      LOG.log(Level.DEBUG, "nothing touched ahead: {0}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      close();
    }
  }

  /** Touches, then holds. Returns once nothing is held any more. */
  void run(Shortage shortage) throws InterruptedException {
    long beganNanos = nanoClock.getAsLong();
    boolean isShort = touchUntilShort(shortage);
    long nanos = nanoClock.getAsLong() - beganNanos;
    if (memory.touchedBytes() > 0 && !closed) {
      LOG.log(
          Level.INFO,
          "resident: {0} MiB of memory touched ahead in {1} s",
          Long.toString(memory.touchedBytes() >> 20),
          String.format("%.1f", nanos / 1e9));
    }
    while (!isShort && !closed && memory.heldBytes() > 0 && !isForgotten()) {
      isShort = shortage.await(LOOK);
    }
    close();
  }

  /** Touches what there is to touch; returns true as soon as memory is short. */
  private boolean touchUntilShort(Shortage shortage) throws InterruptedException {
    int unitsBeforeLook = 0;
    while (touchesMore()) {
      if (nanoClock.getAsLong() - takenNanos < PAUSE.toNanos()) {
        if (shortage.await(PAUSE)) {
          return true;
        }
      } else if (unitsBeforeLook == 0) {
        if (shortage.await(LEAST)) {
          return true;
        }
        if (unused.getAsLong() < RESERVE_BYTES + UNITS_BETWEEN_LOOKS * TouchedMemory.UNIT) {
          return false;
        }
        unitsBeforeLook = UNITS_BETWEEN_LOOKS;
      } else if (memory.touch()) {
        unitsBeforeLook--;
      } else {
        return false;
      }
    }
    return false;
  }

  private boolean touchesMore() {
    return !closed
        && memory.heldBytes() + takenBytes.get() + TouchedMemory.UNIT <= mostBytes
        && !(mounted && nanoClock.getAsLong() - mountedNanos > ON_MOUNTED_NANOS);
  }

  private boolean isForgotten() {
    return mounted && nanoClock.getAsLong() - openedNanos > KEPT_NANOS;
  }

  /** The files can be opened now. */
  public void mounted() {
    mountedNanos = nanoClock.getAsLong();
    openedNanos = mountedNanos;
    mounted = true;
  }

  /** A file is opened. */
  void opened() {
    openedNanos = nanoClock.getAsLong();
  }

  /** Somebody is about to take so much memory, and gets what was touched. */
  void give(long bytes) {
    takenNanos = nanoClock.getAsLong();
    long wanted = takenBytes.addAndGet(bytes);
    for (long given = givenBytes.get(); given < wanted; given = givenBytes.get()) {
      if (givenBytes.compareAndSet(given, given + TouchedMemory.UNIT)) {
        memory.giveBack();
      }
    }
  }

  /** What is held and would be given; bytes. */
  long heldBytes() {
    return memory.heldBytes();
  }

  /** Frees all of it, for good. Idempotent. */
  @Override
  public void close() {
    closed = true;
    memory.close();
  }
}
