package io.unsealfs.mount;

import io.unsealfs.storage.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Assumptions;

/** Mounting in tests. */
public final class Mounts {
  /** For root and the user who mounts. */
  public static final MountOptions PLAIN = options(List.of());

  private Mounts() {}

  /** Plain options that let these users in. */
  public static MountOptions options(List<Integer> allowUids) {
    return new MountOptions(
        "test:source", false, allowUids, OptionalInt.empty(), OptionalInt.empty(), 0);
  }

  static Mount mount(Transport transport, FileTree tree, Path point) throws IOException {
    return transport.host().mount(tree, point, PLAIN, FuseEvents.NONE);
  }

  static void end(Mount mount) throws IOException {
    mount.unmount(Duration.ofSeconds(5));
  }

  /** Skips, by name, where there is no FUSE; with CI=true that is a failure. */
  public static void requireFuse() {
    require(Files.exists(Path.of("/dev/fuse")), "/dev/fuse");
  }

  /**
   * Skips, by name, where somebody else than root runs the tests; with CI=true that is a failure.
   */
  public static void requireRoot() {
    require("root".equals(System.getProperty("user.name")), "root, to become other users");
  }

  static void require(boolean there, String what) {
    if (!there && "true".equals(System.getenv("CI"))) {
      throw new AssertionError("no " + what + ", and CI=true");
    }
    Assumptions.assumeTrue(there, "no " + what);
  }
}
