package io.unsealfs.mount.jnr;

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
final class StaleMount {
  /** Mounts can lie on top of each other. */
  private static final int LAYERS = 16;

  private static final Duration PROBE_LIMIT = Duration.ofSeconds(5);
  private static final String OUR_TYPE = "fuse." + MountArguments.SUBTYPE;

  private StaleMount() {}

  static void clear(MountPoint point) throws MountException {
    try {
      for (int i = 0; i < LAYERS; i++) {
        MountTable.Entry top = point.mounted(MountTable.read()).orElse(null);
        if (top == null || !isFuse(top.type())) {
          return;
        }
        requireOursAndDead(point, top);
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

  private static void requireOursAndDead(MountPoint point, MountTable.Entry top)
      throws IOException {
    if (!top.type().equals(OUR_TYPE)) {
      throw new MountException(
          "cannot mount on "
              + point
              + ": a file system of type "
              + top.type()
              + " is mounted there; unmount it or choose another directory");
    }
    Optional<ChildCommand.Result> probe = probe(point);
    if (probe.isEmpty()) {
      throw new MountException(
          "cannot mount on "
              + point
              + ": an unsealfs is already mounted there and does not answer; stop it first");
    }
    if (!probe.get().output().contains("Transport endpoint is not connected")) {
      throw new MountException(
          "cannot mount on " + point + ": an unsealfs is already mounted there; unmount it first");
    }
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
