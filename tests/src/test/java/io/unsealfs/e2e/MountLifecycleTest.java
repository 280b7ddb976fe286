package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From the mount command to the end of the daemon, however it comes. */
@EachTransport
class MountLifecycleTest {
  private static final String HELLO = "hello.bin";

  @TempDir static Path shared;
  private static Path volume = Path.of("");
  private static String key = "";
  @TempDir Path scratch;

  @BeforeAll
  static void unpack() throws IOException, InterruptedException {
    VectorVolume vector = VectorVolume.named("aessiv-deterministic-names");
    volume = vector.unpack(shared);
    key = Secrets.reference(shared, vector.password());
  }

  private final String transport;

  MountLifecycleTest(String transport) {
    this.transport = transport;
  }

  @BeforeEach
  void needs() {
    Needs.fuse();
  }

  private static void assertReadable(Path mountPoint) throws IOException {
    assertArrayEquals(
        VectorVolume.content(HELLO, 5000), Files.readAllBytes(mountPoint.resolve(HELLO)));
  }

  private static String launcher() {
    return Needs.checkout().resolve("daemon/bin/unsealfs").toString();
  }

  @Test
  void theTreeIsReadableAsSoonAsTheCommandReturns() throws IOException, InterruptedException {
    Path mountPoint = Files.createDirectory(scratch.resolve("mnt"));
    Path log = scratch.resolve("log");
    Outcome outcome =
        new Command(
                scratch,
                "bash",
                "-c",
                "\"$0\" mount \"$1\" \"$2\" --key \"$3\" --log-file \"$4\" --transport \"$5\" && ls \"$2\"")
            .with(
                launcher(),
                volume.toString(),
                mountPoint.toString(),
                key,
                log.toString(),
                transport)
            .run();
    try (Mounted mounted = Mounted.adopt(scratch, mountPoint, log, outcome)) {
      assertTrue(outcome.out().lines().toList().contains(HELLO), outcome::toString);
      assertReadable(mounted.path());
    }
  }

  @Test
  void theDaemonKeepsNothingOfItsCaller() throws IOException, InterruptedException {
    Path mountPoint = Files.createDirectory(scratch.resolve("mnt"));
    Path log = scratch.resolve("log");
    Path marker = scratch.resolve("marker");
    Path markerAbove10 = scratch.resolve("marker-above-10");
    // $(…) returns only when nobody holds the pipe any more
    Outcome outcome =
        new Command(
                scratch,
                "bash",
                "-c",
                "exec 7>\"$5\" 23>\"$6\"; said=$(\"$0\" mount \"$1\" \"$2\" --key \"$3\" --log-file"
                    + " \"$4\" --transport \"$7\" 2>&1); status=$?; echo \"$said\"; exit $status")
            .with(launcher(), volume.toString(), mountPoint.toString(), key, log.toString())
            .with(marker.toString(), markerAbove10.toString(), transport)
            .run();
    try (Mounted mounted = Mounted.adopt(scratch, mountPoint, log, outcome)) {
      long pid = mounted.pid();
      assertEquals(
          List.of(Long.toString(pid), "?", "/"),
          List.of(
              ps(pid, "sid"),
              ps(pid, "tty"),
              Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "cwd")).toString()));
      List<String> open = Processes.openFiles(pid);
      for (Path file : List.of(marker, markerAbove10, scratch)) {
        assertFalse(open.contains(file.toString()), () -> file + " is open in " + open);
      }
      assertTrue(outcome.out().contains(log.toString()), "says where it logs: " + outcome);
      assertTrue(mounted.log().stream().anyMatch(line -> line.contains("mounted on")));
    }
  }

  private String ps(long pid, String column) throws IOException, InterruptedException {
    Needs.programs("ps");
    return new Command(scratch, "ps", "-o", column + "=", "-p", Long.toString(pid))
        .run()
        .assertStatus(0)
        .out()
        .strip();
  }

  @Test
  void umountEndsTheDaemon() throws IOException, InterruptedException {
    try (Mounted mounted = Mounted.mount(scratch, volume, "--key", key, "--transport", transport)) {
      assertReadable(mounted.path());
      mounted.unmount();
      List<String> log = mounted.log();
      assertTrue(
          log.stream().anyMatch(line -> line.endsWith(mounted.path() + " unmounted")),
          log::toString);
    }
  }

  @Test
  void aMountIsFoundByEveryPathThatLeadsToIt() throws IOException, InterruptedException {
    Path real = Files.createDirectories(scratch.resolve("real/mnt"));
    Path parent = Files.createSymbolicLink(scratch.resolve("parent"), real.getParent());
    Path last = Files.createSymbolicLink(scratch.resolve("last"), real);
    for (Path way : List.of(parent.resolve("mnt"), last)) {
      try (Mounted mounted =
          Mounted.mountOn(scratch, volume, way, "--key", key, "--transport", transport)) {
        long pid = mounted.pid();
        assertTrue(MountTable.isMounted(real));
        for (Path asked : List.of(way, real)) {
          Outcome status = Command.unsealfs(scratch, "status", "--json", asked.toString()).run();
          status.assertStatus(0);
          assertTrue(status.out().contains("\"pid\":" + pid), status::toString);
        }
        Outcome all = Command.unsealfs(scratch, "status").run();
        assertEquals(1, all.out().split("/real/mnt", -1).length - 1, all::toString);
        Command.unsealfs(scratch, "umount", way.toString()).run().assertStatus(0);
        Processes.awaitEnd(pid);
        assertFalse(MountTable.isMounted(real));
      }
    }
  }

  @Test
  void anUnmountBehindItsBackEndsTheDaemonToo() throws IOException, InterruptedException {
    try (Mounted mounted = Mounted.mount(scratch, volume, "--key", key, "--transport", transport)) {
      long pid = mounted.pid();
      new Command(scratch, "umount", mounted.path().toString()).run().assertStatus(0);
      Processes.awaitEnd(pid);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void aSignalStopsAMountInTheForegroundInOrder(String signal)
      throws IOException, InterruptedException {
    Path mountPoint = Files.createDirectory(scratch.resolve("mnt"));
    try (Running foreground =
        Command.unsealfs(scratch, "mount", volume.toString(), mountPoint.toString())
            .with("--key", key, "--transport", transport, "--foreground")
            .start()) {
      foreground.awaitLine("mounted on");
      assertReadable(mountPoint);
      foreground.signal(signal);
      foreground.await();
      assertFalse(MountTable.isMounted(mountPoint));
      assertFalse(
          foreground.lines().stream().anyMatch(line -> line.contains("Exception")),
          foreground::toString);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void aSignalStopsTheDaemonInOrder(String signal) throws IOException, InterruptedException {
    try (Mounted mounted = Mounted.mount(scratch, volume, "--key", key, "--transport", transport)) {
      long pid = mounted.pid();
      Processes.signal(pid, signal);
      Processes.awaitEnd(pid);
      assertFalse(MountTable.isMounted(mounted.path()));
    }
  }

  @Test
  void afterAKilledDaemonTheNextMountWorks() throws IOException, InterruptedException {
    try (Mounted killed = Mounted.mount(scratch, volume, "--key", key, "--transport", transport)) {
      long pid = killed.pid();
      Processes.signal(pid, "KILL");
      Processes.awaitEnd(pid);
      try (Mounted again =
          Mounted.mountOn(scratch, volume, killed.path(), "--key", key, "--transport", transport)) {
        assertReadable(again.path());
        assertEquals(1, MountTable.count(again.path()));
        again.unmount();
      }
    }
  }

  @Test
  void umountClearsWhatAKilledDaemonLeft() throws IOException, InterruptedException {
    try (Mounted killed = Mounted.mount(scratch, volume, "--key", key, "--transport", transport)) {
      long pid = killed.pid();
      Processes.signal(pid, "KILL");
      Processes.awaitEnd(pid);
      // nothing left to clear is as good: fusermount may have been quicker
      Command.unsealfs(scratch, "umount", killed.path().toString()).run();
      Processes.await("no mount left", () -> !MountTable.isMounted(killed.path()));
      assertTrue(Files.isDirectory(killed.path()));
    }
  }

  @Test
  void aFileInUseDoesNotKeepTheMountForever() throws IOException, InterruptedException {
    try (Mounted mounted =
        Mounted.mount(scratch, volume, "--key", key, "--transport", transport, "--grace", "1")) {
      long pid = mounted.pid();
      try (InputStream inUse = Files.newInputStream(mounted.resolve(HELLO))) {
        assertTrue(inUse.read() >= 0);
        Processes.signal(pid, "TERM");
        Processes.await("lazy unmount", () -> !MountTable.isMounted(mounted.path()));
      }
      Processes.awaitEnd(pid);
    }
  }

  @Test
  void twoMountsOfOneVolumeLiveSideBySide() throws IOException, InterruptedException {
    try (Mounted first = Mounted.mount(scratch, volume, "--key", key, "--transport", transport);
        Mounted second = Mounted.mount(scratch, volume, "--key", key, "--transport", transport)) {
      first.unmount();
      assertReadable(second.path());
    }
  }

  @Test
  void aMountPointInUseByAnotherMountOfOursIsRefused() throws IOException, InterruptedException {
    try (Mounted first = Mounted.mount(scratch, volume, "--key", key, "--transport", transport)) {
      Command.unsealfs(
              scratch,
              "mount",
              volume.toString(),
              first.path().toString(),
              "--key",
              key,
              "--transport",
              transport)
          .run()
          .assertStatus(25);
      assertEquals(1, MountTable.count(first.path()));
      assertReadable(first.path());
    }
  }

  @Test
  void aClosedTerminalDoesNotEndTheDaemon() throws IOException, InterruptedException {
    Path mountPoint = Files.createDirectory(scratch.resolve("mnt"));
    Path log = scratch.resolve("log");
    int status;
    String screen;
    try (Terminal terminal =
        new Terminal(
            String.join(
                " ",
                List.of(
                    launcher(),
                    "mount",
                    volume.toString(),
                    mountPoint.toString(),
                    "--transport",
                    transport,
                    "--key",
                    key,
                    "--log-file",
                    log.toString())))) {
      status = terminal.await();
      screen = terminal.screen();
    }
    try (Mounted mounted =
        Mounted.adopt(scratch, mountPoint, log, new Outcome("mount", status, screen, ""))) {
      assertReadable(mounted.path());
      // a hang-up sent on purpose is a request to nobody: the daemon has no terminal
      assertEquals("?", ps(mounted.pid(), "tty"));
    }
  }

  @Test
  void aPromptIsAnsweredBeforeTheDaemonDetaches() throws IOException, InterruptedException {
    Path mountPoint = Files.createDirectory(scratch.resolve("mnt"));
    Path log = scratch.resolve("log");
    int status;
    String screen;
    try (Terminal terminal =
        new Terminal(
            String.join(
                " ",
                List.of(
                    launcher(),
                    "mount",
                    volume.toString(),
                    mountPoint.toString(),
                    "--transport",
                    transport,
                    "--key",
                    "prompt:",
                    "--log-file",
                    log.toString())))) {
      terminal.await(": ");
      terminal.type("correct horse battery staple");
      status = terminal.await();
      screen = terminal.screen();
    }
    try (Mounted mounted =
        Mounted.adopt(scratch, mountPoint, log, new Outcome("mount", status, screen, ""))) {
      assertReadable(mounted.path());
      assertFalse(screen.contains("staple"), "the passphrase was shown: " + screen);
    }
  }

  @Test
  void theSourceMayLieBelowTheMountPoint() throws IOException, InterruptedException {
    Path copy = scratch.resolve("copy");
    new Command(scratch, "cp", "-a", volume.toString(), copy.toString()).run().assertStatus(0);
    Outcome outcome =
        Command.unsealfs(
                scratch,
                "mount",
                copy.toString(),
                copy.toString(),
                "--key",
                key,
                "--transport",
                transport)
            .with("--log-file", scratch.resolve("log").toString())
            .run();
    if (outcome.status() == 0) {
      try (Mounted mounted = Mounted.adopt(scratch, copy, scratch.resolve("log"), outcome)) {
        assertReadable(mounted.path());
      }
    } else {
      // the other answer that is right: nothing is mounted over a directory with files in it
      outcome.assertStatus(25);
      assertFalse(MountTable.isMounted(copy));
    }
  }
}
