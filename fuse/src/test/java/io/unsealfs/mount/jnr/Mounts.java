package io.unsealfs.mount.jnr;

import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.Mount;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.storage.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Assumptions;

/** Mounting in tests. */
final class Mounts {
  static final MountOptions PLAIN = options(List.of());

  private Mounts() {}

  static MountOptions options(List<Integer> allowUids) {
    return new MountOptions(
        "test:source", false, allowUids, OptionalInt.empty(), OptionalInt.empty(), 0);
  }

  static Mount mount(FileTree tree, Path point) throws IOException {
    return mount(tree, point, PLAIN, FuseEvents.NONE);
  }

  static Mount mount(FileTree tree, Path point, MountOptions options, FuseEvents events)
      throws IOException {
    return new JnrFuseHost().mount(tree, point, options, events);
  }

  static void end(Mount mount) throws IOException {
    mount.unmount(Duration.ofSeconds(5));
  }

  /** Skips, by name, where there is no FUSE; with CI=true that is a failure. */
  static void requireFuse() {
    boolean there = Files.exists(Path.of("/dev/fuse"));
    if (!there && "true".equals(System.getenv("CI"))) {
      throw new AssertionError("no /dev/fuse, and CI=true");
    }
    Assumptions.assumeTrue(there, "no /dev/fuse");
  }
}
