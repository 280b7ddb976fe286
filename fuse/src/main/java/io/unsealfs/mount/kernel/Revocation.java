package io.unsealfs.mount.kernel;

import io.unsealfs.mount.Gate;
import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.SystemCallException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Takes plaintext back from everybody: nothing more is answered, the kernel drops its pages, memory
 * of resident files is freed, the connection is cut.
 *
 * <p>The kernel waits for a page that is being read before it drops it, so a source that hangs
 * could hold all of this up. After a moment the connection is therefore cut first, which ends every
 * request, and the dropping goes on behind it: a connection that was cut still takes notices.
 */
final class Revocation {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  /** For what is being read when it begins. */
  private static final long PATIENCE_MILLIS = TimeUnit.SECONDS.toMillis(3);

  /** For the rest, with nothing left that could be waited for. */
  private static final long AFTERWARDS_MILLIS = TimeUnit.SECONDS.toMillis(10);

  private final FuseDevice device;
  private final Gate gate;
  private final Inodes inodes;
  private final NeighbourPages neighbours;

  /** The revocation of one mount. */
  Revocation(FuseDevice device, Gate gate, Inodes inodes, NeighbourPages neighbours) {
    this.neighbours = neighbours;
    this.device = device;
    this.gate = gate;
    this.inodes = inodes;
  }

  Gate gate() {
    return gate;
  }

  /**
   * Does it; idempotent.
   *
   * @param resident frees the memory of resident files
   * @param cut cuts the connection
   */
  void run(IOException why, Runnable resident, Runnable cut) {
    // Whatever was let through before is being read into pages that are in the cache already, and
    // locked; dropping waits for them. Whatever is asked for from here on is refused.
    gate.shut(why);
    List<Thread> helpers = new ArrayList<>();
    FuseDevice own = ownDevice();
    helpers.add(started("unsealfs-revoke-pages", () -> dropPages(own)));
    helpers.add(started("unsealfs-revoke-resident", resident));
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
    boolean done = joined(helpers, end);
    cut.run();
    if (!done
        && !joined(helpers, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(AFTERWARDS_MILLIS))) {
      LOG.log(Level.ERROR, "revocation: the kernel does not let go of some pages yet");
    }
  }

  /** One that stays when the workers leave; where the kernel does not allow it, theirs. */
  private FuseDevice ownDevice() {
    try {
      return device.cloned();
    } catch (SystemCallException e) {
      LOG.log(Level.DEBUG, "revocation shares the workers'' descriptor: {0}", e.getMessage());
      return device;
    }
  }

  private void dropPages(FuseDevice own) {
    int kept = 0;
    try {
      // nothing is put back behind us
      neighbours.stop();
      for (long id : inodes.ids()) {
        try {
          KernelPages.drop(own, id);
        } catch (SystemCallException e) {
          kept++;
          LOG.log(Level.DEBUG, "the kernel keeps pages of a file: {0}", e.getMessage());
        }
      }
    } finally {
      if (own != device) {
        own.close();
      }
    }
    if (kept > 0) {
      LOG.log(Level.ERROR, "revocation: the kernel keeps pages of {0} files", kept);
    }
  }

  private static Thread started(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  /** Whether all have ended by then; an interrupt does not shorten this. */
  private static boolean joined(List<Thread> threads, long endNanos) {
    boolean interrupted = false;
    boolean all = true;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        long millis = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
        if (millis <= 0) {
          break;
        }
        try {
          thread.join(millis);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      all &= !thread.isAlive();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return all;
  }
}
