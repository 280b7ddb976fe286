package io.unsealfs.mount.jnr;

import io.unsealfs.mount.FuseAdapter;
import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.FuseHost;
import io.unsealfs.mount.Mount;
import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.mount.point.HostRequirements;
import io.unsealfs.mount.point.MountPoint;
import io.unsealfs.mount.point.MountRemoval;
import io.unsealfs.mount.point.ReadAheadSetting;
import io.unsealfs.mount.point.StaleMount;
import io.unsealfs.os.MountTable;
import io.unsealfs.storage.FileTree;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The libfuse 2.9 transport, with jnr-fuse's layouts.
 *
 * <p>Ready means that libfuse's init callback ran and that the mount table lists the mount; this
 * process never touches its own mount point. Where fusermount is installed it stays behind and
 * unmounts if this process is killed ({@code auto_unmount}); where it is not, the next mount clears
 * the dead one.
 */
public final class JnrFuseHost implements FuseHost {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");
  private static final Duration READY_LIMIT = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(10);

  private final boolean autoUnmount;

  /** With {@code auto_unmount} where the host has fusermount. */
  public JnrFuseHost() {
    this(HostRequirements.fusermount().isPresent());
  }

  JnrFuseHost(boolean autoUnmount) {
    this.autoUnmount = autoUnmount;
  }

  @Override
  public String name() {
    return "jnr";
  }

  /** Whether libfuse 2 can be loaded; the rest is looked at with the options of a mount. */
  @Override
  public Optional<String> unusable() {
    try {
      NativeCalls.fuse();
      return Optional.empty();
    } catch (MountException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public Mount mount(FileTree tree, Path mountPoint, MountOptions options, FuseEvents events)
      throws MountException {
    Optional<String> residentOff = options.resident().flatMap(plan -> residentUnusable());
    residentOff.ifPresent(reason ->
        LOG.log(Level.INFO, "resident: off: {0}; files are read the ordinary way", reason));
    String words = MountArguments.options(options, autoUnmount);
    NativeCalls.fuse();
    HostRequirements.forLibfuse(options);
    MountPoint point = MountPoint.of(mountPoint, table());
    StaleMount.clear(point);
    if (point.isAutomount(table())) {
      throw new MountException(
          "cannot mount on "
              + point
              + ": an automount waits there, which libfuse would wait for; use transport=kernel");
    }
    point.requireEmptyDirectory();
    Set<Integer> before = point.idsHere(table());
    FuseLoop loop = new FuseLoop(point, words, new FuseAdapter(tree, options), events, options);
    loop.start(options.workersAtFirst());
    MountTable.Entry entry = ready(point, loop, before);
    events.agreed(
        "transport jnr: libfuse 2, requests of up to 128 KiB, read-ahead "
            + ReadAheadSetting.asked(entry, options).text());
    return new JnrMount(point, entry, loop, residentOff);
  }

  private static MountTable.Entry ready(MountPoint point, FuseLoop loop, Set<Integer> before)
      throws MountException {
    long deadline = System.nanoTime() + READY_LIMIT.toNanos();
    String missing = "the kernel did not begin the FUSE handshake";
    try {
      while (System.nanoTime() < deadline && !loop.hasEnded()) {
        if (loop.awaitInitialised(POLL)) {
          Optional<MountTable.Entry> ours =
              point.mounted(table()).filter(top -> !before.contains(top.id()));
          if (ours.isPresent()) {
            return ours.get();
          }
          missing = "the mount table does not list it";
          loop.awaitEnd(POLL);
        }
      }
      if (loop.hasEnded()) {
        missing = "the FUSE loop ended at once";
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      missing = "interrupted";
    }
    if (!loop.hasEnded()) {
      MountRemoval.lazy(point);
    }
    throw new MountException("cannot mount on " + point + ": " + missing);
  }

  private static List<MountTable.Entry> table() throws MountException {
    try {
      return MountTable.read();
    } catch (IOException e) {
      throw new MountException("cannot mount: cannot read the mount table: " + e.getMessage(), e);
    }
  }
}
