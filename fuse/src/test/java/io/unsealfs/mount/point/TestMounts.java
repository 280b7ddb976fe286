package io.unsealfs.mount.point;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.KernelMount;
import io.unsealfs.os.MountTable;
import io.unsealfs.os.ProcessControl;
import io.unsealfs.os.Unmounter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** Mounts that nobody serves: enough for what only looks at tables. */
final class TestMounts {
  private TestMounts() {}

  static void requireRootAndFuse() {
    boolean there = Files.exists(Path.of("/dev/fuse")) && ProcessControl.effectiveUser() == 0;
    if (!there && "true".equals(System.getenv("CI"))) {
      throw new AssertionError("no /dev/fuse or not root, and CI=true");
    }
    Assumptions.assumeTrue(there, "no /dev/fuse, or not root");
  }

  /** Mounts {@code device} there. */
  static MountTable.Entry mount(FuseDevice device, MountPoint point) throws IOException {
    KernelMount.mount(
        "test".getBytes(UTF_8),
        point.bytes().toBytes(),
        "fuse.unsealfs",
        KernelMount.RDONLY,
        ("fd=" + device.number() + ",rootmode=40000,user_id=0,group_id=0").getBytes(UTF_8));
    return top(point).orElseThrow();
  }

  static Optional<MountTable.Entry> top(MountPoint point) throws IOException {
    return point.mounted(MountTable.read());
  }

  /** Takes away whatever is left there. */
  static void clear(MountPoint point) throws IOException {
    while (top(point).isPresent()) {
      Unmounter.detach(point.bytes().toBytes());
    }
  }
}
