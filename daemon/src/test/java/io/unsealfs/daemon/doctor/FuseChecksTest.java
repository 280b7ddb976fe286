package io.unsealfs.daemon.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.daemon.doctor.Diagnosis.Level;
import io.unsealfs.os.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The checks, against made-up hosts. */
class FuseChecksTest {
  @TempDir Path root;

  private FuseChecks checks() {
    return new FuseChecks(root, List.of(root.resolve("bin")));
  }

  private Path write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private void status(String capabilities, int noNewPrivileges) throws IOException {
    write(
        "proc/self/status",
        "Name:\tjava\nCapEff:\t" + capabilities + "\nNoNewPrivs:\t" + noNewPrivileges + "\n");
  }

  @Test
  void theDeviceHasToBeThereAndOpen() throws IOException {
    assertEquals(Level.FAIL, checks().device().level());
    write("dev/fuse", "");
    assertEquals(Level.OK, checks().device().level());
  }

  @Test
  void aDeviceThatIsThereAndCannotBeOpenedFailsWithItsCure() throws IOException {
    // a directory cannot be opened for writing by anybody
    Files.createDirectories(root.resolve("dev/fuse"));
    Diagnosis found = checks().device();
    assertEquals(Level.FAIL, found.level());
    assertTrue(found.line().contains("cannot be opened"), found.line());
    assertTrue(found.mend().contains("DeviceAllow=/dev/fuse rw"), found.line());
  }

  @Test
  void whoMayMountItselfNeedsNoHelper() throws IOException {
    status("000001ffffffffff", 1);
    assertEquals(1, checks().privilege().size());
    assertEquals(Level.OK, checks().privilege().getFirst().level());
  }

  @Test
  void whoMayNotNeedsTheHelperAndItsRights() throws IOException {
    status("0000000000000000", 0);
    assertTrue(checks().privilege().getFirst().mend().contains("fuse3"));
    Path helper = write("bin/fusermount3", "");
    Files.setPosixFilePermissions(helper, PosixFilePermissions.fromString("rwxr-xr-x"));
    assertEquals(Level.OK, checks().privilege().getFirst().level());
    status("0000000000000000", 1);
    assertTrue(checks().privilege().getFirst().mend().contains("NoNewPrivileges"));
  }

  @Test
  void lettingOthersInTakesALineOfTheConfiguration() throws IOException {
    status("0", 0);
    write("etc/fuse.conf", "# user_allow_other\n");
    assertEquals(Level.WARN, checks().privilege().getLast().level());
    write("etc/fuse.conf", "user_allow_other \n");
    assertEquals(Level.OK, checks().privilege().getLast().level());
  }

  @Test
  void smallRequestsAreWorthMending() throws IOException {
    assertEquals(Level.OK, checks().requestSize().level());
    write("proc/sys/fs/fuse/max_pages_limit", "32\n");
    assertEquals(Level.WARN, checks().requestSize().level());
    write("proc/sys/fs/fuse/max_pages_limit", "256\n");
    assertTrue(checks().requestSize().finding().contains("1024 KiB"));
  }

  @Test
  void readAheadNeedsAWritableSysfs() throws IOException {
    assertEquals(Level.WARN, checks().readAheadSetting().level());
    assertTrue(checks().readAheadSetting().mend().contains("echo 2048 >"));
    write("sys/class/bdi/0:50/read_ahead_kb", "128\n");
    assertEquals(Level.OK, checks().readAheadSetting().level());
  }

  @Test
  void mountsOfOursAreListedWithTheirReadAhead() throws IOException {
    write("sys/class/bdi/0:50/read_ahead_kb", "2048\n");
    write("sys/class/bdi/0:51/read_ahead_kb", "1024\n");
    List<Diagnosis> found =
        checks()
            .runningMounts(
                List.of(
                    mount(50, "/models", "fuse.unsealfs"),
                    mount(51, "/slow\n", "fuse.unsealfs"),
                    mount(52, "/unknown", "fuse.unsealfs"),
                    mount(53, "/other", "fuse.sshfs")));
    assertEquals(
        List.of(Level.OK, Level.WARN, Level.WARN), found.stream().map(Diagnosis::level).toList());
    assertEquals("mount /slow?", found.get(1).what());
    assertTrue(found.get(1).mend().contains("echo 2048 >"), "as the mounts set it themselves");
  }

  private static MountTable.Entry mount(int minor, String at, String type) {
    return new MountTable.Entry(
        minor, 0, minor, at.getBytes(UTF_8), "ro", type, "source".getBytes(UTF_8));
  }

  @Test
  void aClockBeforeItsOwnSoftwareIsWrong() {
    assertEquals(Level.FAIL, HostChecks.clock(Instant.parse("2001-01-01T00:00:00Z")).level());
    assertEquals(Level.WARN, HostChecks.clock(Instant.parse("2099-01-01T00:00:00Z")).level());
    assertEquals(Level.OK, HostChecks.clock(Instant.now()).level());
  }

  @Test
  void aLineNamesWhatToDo() {
    assertEquals("warn x: found y; do z", Diagnosis.warn("x", "found\ny", "do z").line());
    assertEquals("ok   x: fine", Diagnosis.ok("x", "fine").line());
  }
}
