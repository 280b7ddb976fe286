package io.unsealfs.mount.jnr;

import io.unsealfs.mount.Mount;
import io.unsealfs.mount.MountException;
import io.unsealfs.os.MountTable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/** A mount served by {@link FuseLoop}, and the one ordered way to end it. */
final class JnrMount implements Mount {
  /** Between two attempts to unmount while files are open. */
  private static final Duration RETRY = Duration.ofMillis(50);

  /** For the loop to return once the mount is out of the tree, before the connection is cut. */
  private static final Duration LOOP_END = Duration.ofSeconds(3);

  private final MountPoint point;
  private final MountTable.Entry entry;
  private final FuseLoop loop;
  private final ReentrantLock unmounting = new ReentrantLock();

  JnrMount(MountPoint point, MountTable.Entry entry, FuseLoop loop) {
    this.point = point;
    this.entry = entry;
    this.loop = loop;
  }

  @Override
  public Path mountPoint() {
    return point.path();
  }

  @Override
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    return loop.awaitEnd(timeout);
  }

  /**
   * As {@link Mount#unmount}. After a lazy unmount alone, a process with an open file would keep
   * the loop, and with it the keys, alive for as long as it likes. So the connection is cut when
   * the grace is over, and that process gets errors for what the kernel has not cached.
   */
  @Override
  public void unmount(Duration grace) throws MountException {
    unmounting.lock();
    try {
      end(grace);
    } finally {
      unmounting.unlock();
    }
  }

  private void end(Duration grace) throws MountException {
    long deadline = System.nanoTime() + grace.toNanos();
    Optional<String> refused = attempt(MountRemoval::plain);
    // Who is interrupted is in a hurry: no more grace.
    while (refused.isPresent() && System.nanoTime() < deadline && pauseUnlessEnded()) {
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

  /** One attempt; empty when the mount is out of the tree. */
  private Optional<String> attempt(Function<MountPoint, Optional<String>> removal) {
    if (loop.hasEnded()) {
      return Optional.empty();
    }
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
