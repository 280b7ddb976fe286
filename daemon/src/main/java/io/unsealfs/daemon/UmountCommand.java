package io.unsealfs.daemon;

import io.unsealfs.mount.MountException;
import io.unsealfs.mount.point.MountPoint;
import io.unsealfs.os.MountTable;
import io.unsealfs.os.ProcessControl;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.os.Unmounter;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code unsealfs umount}. Works from the mount table alone: a look at the mount point itself could
 * hang with a daemon that does.
 */
@Command(
    name = "umount",
    description =
        "Stops the daemon behind a mount point in order; clears a stale mount of our own type.")
final class UmountCommand implements Callable<Integer> {
  private static final String OUR_TYPE = "fuse.unsealfs";

  @Parameters(index = "0", paramLabel = "MOUNTPOINT", description = "Where unsealfs is mounted.")
  String mountPoint = "";

  @Option(
      names = "--grace",
      paramLabel = "SECONDS",
      defaultValue = "30",
      description = "How long to wait for the daemon to end (default: ${DEFAULT-VALUE}).")
  int graceSeconds = 30;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path target = MountPoint.canonical(Path.of(mountPoint));
    if (!isOurs(target)) {
      throw new MountException(target + ": no unsealfs is mounted there");
    }
    Optional<ProcessHandle> daemon = RunRecord.daemonOf(target);
    if (daemon.isPresent() && daemon.get().destroy()) {
      try {
        daemon.get().onExit().get(graceSeconds, TimeUnit.SECONDS);
      } catch (TimeoutException | ExecutionException e) {
        throw new MountException(
            target
                + ": its daemon, process "
                + daemon.get().pid()
                + ", is still ending after "
                + graceSeconds
                + " s; files below may be in use (fuser -m shows by whom)",
            e);
      }
    }
    if (isOurs(target)) {
      detach(target);
    }
    return ExitCode.DONE.status();
  }

  /** Nobody answers for the mount any more: take it out of the tree, as its daemon is gone. */
  private static void detach(Path target) throws IOException, InterruptedException {
    if (ProcessControl.effectiveUser() == 0) {
      try {
        Unmounter.detach(bytes(target));
      } catch (SystemCallException e) {
        throw new MountException(target + ": " + e.getMessage(), e);
      }
      return;
    }
    Process fusermount =
        new ProcessBuilder("fusermount3", "-u", "-z", "--", target.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (fusermount.waitFor() != 0) {
      throw new MountException(
          target + ": fusermount3 refused to unmount it; is it a mount of this user?");
    }
  }

  private static boolean isOurs(Path target) throws IOException {
    byte[] path = bytes(target);
    boolean ours = false;
    for (MountTable.Entry entry : MountTable.read()) {
      if (entry.isAt(path)) {
        ours = entry.type().equals(OUR_TYPE); // the last one is on top
      }
    }
    return ours;
  }

  private static byte[] bytes(Path path) {
    return path.toString()
        .getBytes(Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")));
  }
}
