package io.unsealfs.daemon;

import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.FuseHost;
import io.unsealfs.mount.Mount;
import io.unsealfs.mount.MountException;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.os.MountTable;
import io.unsealfs.storage.FileTree;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * {@code transport=auto}: the first transport that works here. One that mounted something and then
 * failed is the last one tried, so that no mount is ever laid over another.
 */
final class AutoFuseHost implements FuseHost {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.mount");

  private final List<FuseHost> hosts;
  private final Supplier<Set<Integer>> mountIds;

  /** Tries {@code hosts} in order. */
  AutoFuseHost(List<FuseHost> hosts) {
    this(hosts, AutoFuseHost::mountsOfOurs);
  }

  /**
   * As above.
   *
   * @param mountIds the mounts of our type there are
   */
  AutoFuseHost(List<FuseHost> hosts, Supplier<Set<Integer>> mountIds) {
    this.hosts = List.copyOf(hosts);
    this.mountIds = mountIds;
  }

  @Override
  public String name() {
    return "auto";
  }

  /** The transport a mount would begin with, if any looks usable. */
  Optional<FuseHost> choice() {
    return hosts.stream().filter(host -> host.unusable().isEmpty()).findFirst();
  }

  /** Why each one is not usable, unless one is. */
  @Override
  public Optional<String> unusable() {
    return choice().isPresent()
        ? Optional.empty()
        : Optional.of(
            hosts.stream()
                .map(host -> host.name() + ": " + host.unusable().orElse("usable"))
                .collect(Collectors.joining("; ")));
  }

  @Override
  public Mount mount(FileTree tree, Path mountPoint, MountOptions options, FuseEvents events)
      throws MountException {
    List<String> passedOver = new ArrayList<>();
    @Nullable MountException first = null;
    for (FuseHost host : hosts) {
      Optional<String> unusable = host.unusable();
      if (unusable.isPresent()) {
        passedOver.add("not " + host.name() + ": " + unusable.get());
        continue;
      }
      Set<Integer> before = mountIds.get();
      try {
        Mount mount = host.mount(tree, mountPoint, options, events);
        if (!passedOver.isEmpty()) {
          // only now: a mount that fails leaves one line, its error
          LOG.log(Level.INFO, "transport {0} ({1})", host.name(), String.join("; ", passedOver));
        }
        return mount;
      } catch (MountException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
        passedOver.add("not " + host.name() + ": " + e.getMessage());
        if (!before.containsAll(mountIds.get())) {
          break;
        }
      }
    }
    if (first != null) {
      throw first;
    }
    throw new MountException(
        "cannot mount: no transport can be used: " + String.join("; ", passedOver));
  }

  private static Set<Integer> mountsOfOurs() {
    try {
      return MountTable.read().stream()
          .filter(entry -> entry.type().equals("fuse.unsealfs"))
          .map(MountTable.Entry::id)
          .collect(Collectors.toSet());
    } catch (IOException e) {
      return Set.of(); // the transport cannot read it either, and says so
    }
  }
}
