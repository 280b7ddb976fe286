package io.unsealfs.mount.point;

import io.unsealfs.mount.MountException;
import io.unsealfs.os.MountTable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Clears what a killed predecessor left at a mount point: a mount of our type whose daemon is dead.
 * A live one of ours is "already mounted"; another FUSE file system is never touched.
 */
public final class StaleMount {
  /** File system type of our mounts after {@code fuse.} in the mount table. */
  public static final String SUBTYPE = "unsealfs";

  /** Mounts can lie on top of each other. */
  private static final int LAYERS = 16;

  private static final Duration PROBE_LIMIT = Duration.ofSeconds(5);
  private static final Duration UNDERTAKER_LIMIT = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(10);
  private static final String OUR_TYPE = "fuse." + SUBTYPE;

  private StaleMount() {}

  /**
   * Clears {@code point}.
   *
   * @throws MountException if something lives there, or the dead mount cannot be removed
   */
  public static void clear(MountPoint point) throws MountException {
    try {
      for (int i = 0; i < LAYERS; i++) {
        MountTable.Entry top = point.mounted(MountTable.read()).orElse(null);
        if (top == null || !isFuse(top.type())) {
          return;
        }
        Optional<MountException> alive = ifNotOursAndDead(point, top);
        if (isGone(top)) {
          continue;
        }
        if (alive.isPresent()) {
          throw alive.get();
        }
        if (unmountedByOthers(point, top)) {
          continue;
        }
        Optional<String> failure = MountRemoval.lazy(point);
        if (failure.isPresent()) {
          throw new MountException(
              "cannot mount on "
                  + point
                  + ": the dead unsealfs mount there cannot be removed: "
                  + failure.get());
        }
      }
      throw new MountException("cannot mount on " + point + ": too many dead mounts there");
    } catch (MountException e) {
      throw e;
    } catch (IOException e) {
      throw new MountException(
          "cannot mount on " + point + ": cannot look at what is mounted there: " + e.getMessage(),
          e);
    }
  }

  private static boolean isFuse(String type) {
    return type.equals("fuse") || type.equals("fuseblk") || type.startsWith("fuse.");
  }

  private static boolean isGone(MountTable.Entry mount) throws IOException {
    return MountTable.read().stream().noneMatch(entry -> entry.id() == mount.id());
  }

  /** Gives whoever unmounts for the dead process the time to be done, or to be found absent. */
  private static boolean unmountedByOthers(MountPoint point, MountTable.Entry dead)
      throws IOException {
    long deadline = System.nanoTime() + UNDERTAKER_LIMIT.toNanos();
    while (Undertaker.isAtWorkOn(point) && System.nanoTime() < deadline) {
      try {
        Thread.sleep(POLL);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
    return isGone(dead);
  }

  /** Why {@code top} must not be taken away; empty if it is ours, and dead. */
  private static Optional<MountException> ifNotOursAndDead(MountPoint point, MountTable.Entry top)
      throws IOException {
    if (!top.type().equals(OUR_TYPE)) {
      return refusal(
          point,
          "a file system of type "
              + top.type()
              + " is mounted there; unmount it or choose another directory");
    }
    Optional<ChildCommand.Result> probe = probe(point);
    if (probe.isEmpty()) {
      return refusal(
          point, "an unsealfs is already mounted there and does not answer; stop it first");
    }
    return probe.get().output().contains("Transport endpoint is not connected")
        ? Optional.empty()
        : refusal(point, "an unsealfs is already mounted there; unmount it first");
  }

  private static Optional<MountException> refusal(MountPoint point, String reason) {
    return Optional.of(new MountException("cannot mount on " + point + ": " + reason));
  }

  /**
   * Asks the mount for something the kernel always passes on to the daemon. Plain stat(2) would be
   * answered from cached attributes even when the daemon is dead. In a child, since a daemon that
   * hangs would hang the asker.
   */
  private static Optional<ChildCommand.Result> probe(MountPoint point) throws IOException {
    return ChildCommand.run(
        PROBE_LIMIT, List.of("stat", "--file-system", "--format=%t", "--", point.toString()));
  }
}
