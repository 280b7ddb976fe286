package io.unsealfs.mount.point;

import io.unsealfs.os.ErrorNumber;
import io.unsealfs.os.MountTable;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.os.Unmounter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Takes mounts away: umount2(2) where this process may, otherwise the setuid fusermount. */
public final class MountRemoval {
  private static final Duration FUSERMOUNT_LIMIT = Duration.ofSeconds(10);
  private static final Path CONNECTIONS = Path.of("/sys/fs/fuse/connections");

  private MountRemoval() {}

  /** One of {@link Unmounter}'s calls. */
  @FunctionalInterface
  private interface Call {
    void on(byte[] mountPoint) throws SystemCallException;
  }

  /** Unmounts what is on top at {@code point}; empty when done, otherwise why not. */
  static Optional<String> plain(MountPoint point) {
    return unmount(point, Unmounter::unmount, false);
  }

  /** Same, but takes it out of the tree at once and lets open files end it. */
  public static Optional<String> lazy(MountPoint point) {
    return unmount(point, Unmounter::detach, true);
  }

  /** Same, and cuts the connection, so that open files do not keep it; lazily where not root. */
  static Optional<String> forced(MountPoint point) {
    return unmount(point, Unmounter::force, true);
  }

  private static Optional<String> unmount(MountPoint point, Call call, boolean lazy) {
    try {
      call.on(point.bytes().toBytes());
      return Optional.empty();
    } catch (SystemCallException e) {
      return e.errno() == ErrorNumber.EPERM
          ? fusermount(point, lazy)
          : Optional.of("umount2 failed with errno " + e.errno());
    }
  }

  private static Optional<String> fusermount(MountPoint point, boolean lazy) {
    Optional<Path> program = HostRequirements.unmounter();
    if (program.isEmpty()) {
      return Optional.of("not permitted, and fusermount is not installed");
    }
    List<String> command =
        lazy
            ? List.of(program.get().toString(), "-u", "-z", "--", point.toString())
            : List.of(program.get().toString(), "-u", "--", point.toString());
    try {
      return ChildCommand.run(FUSERMOUNT_LIMIT, command)
          .map(r -> r.exitCode() == 0 ? Optional.<String>empty() : Optional.of(r.output()))
          .orElse(Optional.of("fusermount did not end in time"));
    } catch (IOException e) {
      return Optional.of("fusermount: " + e.getMessage());
    }
  }

  /**
   * Cuts the connection of a FUSE mount: requests under way and later ones fail, and the FUSE loop
   * ends even if files are open.
   *
   * @return false where the system does not offer it
   */
  static boolean abort(MountTable.Entry mount) {
    Path connection = CONNECTIONS.resolve(Integer.toString(mount.minor()));
    try {
      Files.writeString(connection.resolve("abort"), "1");
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
