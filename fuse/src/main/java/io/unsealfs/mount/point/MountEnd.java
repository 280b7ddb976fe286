package io.unsealfs.mount.point;

import io.unsealfs.mount.MountException;
import io.unsealfs.os.MountTable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * The one ordered way to end a mount: plainly, again until the grace is over, then by force, then
 * by cutting its connection.
 */
public final class MountEnd {
  private static final System.Logger LOG = System.getLogger(MountEnd.class.getName());

  /** Between two attempts to unmount while files are open. */
  private static final Duration RETRY = Duration.ofMillis(50);

  /** For the loop to return once the mount is out of the tree, before the connection is cut. */
  private static final Duration LOOP_END = Duration.ofSeconds(3);

  private final MountPoint point;
  private final MountTable.Entry entry;
  private final ServingLoop loop;
  private final ReentrantLock unmounting = new ReentrantLock();

  /**
   * The end of one mount.
   *
   * @param entry this mount in the table; no other is ever taken away
   * @param loop ends on its own once the mount is gone or its connection is cut
   */
  public MountEnd(MountPoint point, MountTable.Entry entry, ServingLoop loop) {
    this.point = point;
    this.entry = entry;
    this.loop = loop;
  }

  /**
   * As {@link io.unsealfs.mount.Mount#unmount}. After a lazy unmount alone, a process with an open
   * file would keep the loop, and with it the keys, alive for as long as it likes. So the
   * connection is cut when the grace is over, and that process gets errors for what the kernel has
   * not cached.
   *
   * @throws MountException if the loop still runs afterwards
   */
  public void unmount(Duration grace) throws MountException {
    unmounting.lock();
    try {
      end(grace);
    } finally {
      unmounting.unlock();
    }
  }

  /**
   * Cuts the connection before anything else: requests under way and later ones fail. Where the
   * system does not offer that, the forced unmount does it a moment later.
   */
  public void cut() {
    if (!loop.hasEnded() && !MountRemoval.abort(entry)) {
      LOG.log(
          System.Logger.Level.DEBUG,
          "{0}: no file below /sys/fs/fuse to cut its connection",
          point);
    }
  }

  private void end(Duration grace) throws MountException {
    long deadline = System.nanoTime() + grace.toNanos();
    Optional<String> refused = attempt(MountRemoval::plain);
    // Who is interrupted is in a hurry: no more grace.
    while (refused.isPresent()
        && !loop.hasEnded()
        && System.nanoTime() < deadline
        && pauseUnlessEnded()) {
      refused = attempt(MountRemoval::plain);
    }
    if (refused.isPresent()) {
      refused = attempt(MountRemoval::forced);
    }
    if (!endedWithin(LOOP_END) && !(MountRemoval.abort(entry) && endedWithin(LOOP_END))) {
      throw new MountException(
          "cannot end the mount on "
              + point
              + ": "
              + refused.orElse("files are open in it")
              + "; close them, or end this process");
    }
  }

  /**
   * One attempt; empty when the mount is out of the tree. The end of the loop does not say so: a
   * mount whose connection was cut stays in the tree, dead.
   */
  private Optional<String> attempt(Function<MountPoint, Optional<String>> removal) {
    try {
      List<MountTable.Entry> table = MountTable.read();
      if (table.stream().noneMatch(mount -> mount.id() == entry.id())) {
        return Optional.empty();
      }
      if (point.mounted(table).filter(top -> top.id() == entry.id()).isEmpty()) {
        return Optional.of("another file system is mounted over it");
      }
    } catch (IOException e) {
      return Optional.of("cannot read the mount table: " + e.getMessage());
    }
    return removal.apply(point);
  }

  /** False when interrupted. */
  private boolean pauseUnlessEnded() {
    try {
      loop.awaitEnd(RETRY);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private boolean endedWithin(Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return loop.awaitEnd(Duration.ofNanos(deadline - System.nanoTime()));
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
