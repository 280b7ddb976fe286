package io.unsealfs.mount.point;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.os.MountTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AutomountPointTest {
  @TempDir Path folder = Path.of("");

  private MountTable.Entry entry(String type) throws IOException {
    byte[] place = folder.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
    return new MountTable.Entry(36, 0, 31, place, "rw", type, new byte[0]);
  }

  @Test
  void onlyWhatLiesOnTopCounts() throws IOException {
    MountPoint point = MountPoint.of(folder, List.of());
    MountTable.Entry automount = entry("autofs");
    MountTable.Entry fuse = entry("fuse.unsealfs");
    assertTrue(point.isAutomount(List.of(automount)));
    assertFalse(point.isAutomount(List.of(automount, fuse)));
    assertFalse(point.isAutomount(List.of()));
  }
}
