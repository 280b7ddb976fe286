package io.unsealfs.mount.point;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.MountTable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReadAheadSettingTest {
  @TempDir Path directory;

  private static MountTable.Entry mount() {
    return new MountTable.Entry(7, 0, 52, new byte[] {'/'}, "ro", "fuse.unsealfs", new byte[0]);
  }

  private Path figure(String text) throws Exception {
    Path device = Files.createDirectories(directory.resolve("0:52"));
    return Files.writeString(device.resolve("read_ahead_kb"), text);
  }

  @Test
  void aRealMountReadsAheadAsFarAsItIsTold() throws Exception {
    TestMounts.requireRootAndFuse();
    assumeTrue(Files.isWritable(Path.of("/sys/class/bdi")), "sysfs is read-only");
    MountPoint point = MountPoint.of(directory, MountTable.read());
    try (FuseDevice device = FuseDevice.open()) {
      MountTable.Entry mount = TestMounts.mount(device, point);
      OptionalInt before = ReadAheadSetting.of(mount).nowKib();
      assertTrue(before.orElseThrow() < 1024, "the system's default: " + before);
      ReadAheadSetting set = ReadAheadSetting.set(mount, 1024);
      assertEquals(before, set.beforeKib());
      assertEquals(OptionalInt.of(1024), set.nowKib());
      assertEquals("1024 KiB, was " + before.getAsInt() + " KiB", set.text());
      assertEquals("1024 KiB", ReadAheadSetting.set(mount, 1024).text());
      assertEquals("1024 KiB", ReadAheadSetting.of(mount).text());
    } finally {
      TestMounts.clear(point);
    }
  }

  @Test
  void whereItCannotBeSetTheReasonIsGiven() throws Exception {
    ReadAheadSetting none = ReadAheadSetting.set(directory, mount(), 1024);
    assertEquals(OptionalInt.empty(), none.nowKib());
    assertTrue(none.text().startsWith("unknown, not set to 1024 KiB: there is no "), none.text());
    Files.createDirectories(directory.resolve("0:52").resolve("read_ahead_kb"));
    ReadAheadSetting odd = ReadAheadSetting.set(directory, mount(), 1024);
    assertTrue(odd.text().startsWith("unknown, not set to 1024 KiB: "), odd.text());
  }

  @Test
  void oneAboutAMountThatIsGoneSaysSo() {
    MountTable.Entry gone =
        new MountTable.Entry(7, 0, 1 << 20, new byte[] {'/'}, "ro", "fuse", new byte[0]);
    assertEquals("unknown: sysfs does not show it", ReadAheadSetting.of(gone).text());
  }

  @Test
  void figuresThatMakeNoSenseAreNotTaken() throws Exception {
    Path file = figure("lots\n");
    ReadAheadSetting set = ReadAheadSetting.set(directory, mount(), 256);
    assertEquals(OptionalInt.empty(), set.beforeKib());
    // an ordinary file is not cut as sysfs would be: "256" over "lots\n"
    assertEquals("256s\n", Files.readString(file));
    assertEquals("unknown, though set to 256 KiB", set.text());
    figure("128\n");
    set = ReadAheadSetting.set(directory, mount(), 256);
    assertEquals("256 KiB, was 128 KiB", set.text());
    assertThrows(
        IllegalArgumentException.class, () -> ReadAheadSetting.set(directory, mount(), -1));
    assertThrows(
        IllegalArgumentException.class,
        () -> ReadAheadSetting.set(directory, mount(), (1 << 20) + 1));
  }
}
