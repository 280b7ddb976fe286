package io.unsealfs.mount.point;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.os.FuseDevice;
import io.unsealfs.os.KernelMount;
import io.unsealfs.os.MountTable;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The process that unmounts after a death, against real mounts and real deaths. */
final class DeathWatchTest {
  private static final Path SHELL = Path.of("/bin/sh");

  @TempDir Path directory;
  private MountPoint point;

  /** A process of its own that mounts and watches, to be killed. */
  static final class Daemon {
    private Daemon() {}

    public static void main(String[] args) throws Exception {
      MountPoint point = MountPoint.of(Path.of(args[0]), MountTable.read());
      FuseDevice device = FuseDevice.open();
      DeathWatch watch = DeathWatch.over(point, TestMounts.mount(device, point));
      System.out.println("watched by " + watch.pid().orElseThrow());
      Thread.sleep(Duration.ofMinutes(5));
      device.close();
      watch.close();
    }
  }

  @BeforeEach
  void awkwardPlace() throws Exception {
    TestMounts.requireRootAndFuse();
    Path place = Files.createDirectory(directory.resolve("a b\n$(exit)'\"\\040#*;-"));
    point = MountPoint.of(place, MountTable.read());
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    TestMounts.clear(point);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-"})
  void aKilledDaemonsMountIsTakenAwayEvenIfItsWholeGroupIsKilled(String group) throws Exception {
    Process daemon =
        new ProcessBuilder(
                "setsid",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                Daemon.class.getName(),
                point.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      String line = daemon.inputReader().readLine();
      assertTrue(line.startsWith("watched by "), line);
      long watch = Long.parseLong(line.substring(11));
      assertTrue(TestMounts.top(point).isPresent());
      assertEquals("/", Files.readSymbolicLink(Path.of("/proc/" + watch + "/cwd")).toString());
      List<String> expected = List.of("0", "1", "2");
      long loaded = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      while (!descriptors(watch).equals(expected) && System.nanoTime() < loaded) {
        Thread.onSpinWait(); // the shell's loader opens libraries
      }
      assertEquals(expected, descriptors(watch));
      String environment = Files.readString(Path.of("/proc/" + watch + "/environ"), UTF_8);
      assertFalse(environment.contains("HOME="), environment);

      new ProcessBuilder("kill", "-9", "--", group + daemon.pid()).start().waitFor();
      daemon.waitFor();
      long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      while ((TestMounts.top(point).isPresent() || ProcessHandle.of(watch).isPresent())
          && System.nanoTime() < deadline) {
        Thread.onSpinWait();
      }
      assertTrue(TestMounts.top(point).isEmpty(), "unmounted");
      assertTrue(ProcessHandle.of(watch).isEmpty(), "and gone");
    } finally {
      daemon.destroyForcibly();
    }
  }

  private static List<String> descriptors(long pid) throws Exception {
    try (var descriptors = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return descriptors.map(d -> d.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void anOrderlyEndLeavesNoProcessAndUnmountsNothing() throws Exception {
    try (FuseDevice device = FuseDevice.open()) {
      MountTable.Entry mount = TestMounts.mount(device, point);
      DeathWatch watch = DeathWatch.over(point, mount);
      assertTrue(watch.leftOut().isEmpty());
      ProcessHandle shell = ProcessHandle.of(watch.pid().orElseThrow()).orElseThrow();
      watch.close();
      watch.close();
      assertFalse(shell.isAlive());
      assertTrue(TestMounts.top(point).isPresent());
    }
  }

  private void loseDaemon(MountTable.Entry mount, String lastWords) throws Exception {
    Process shell = DeathWatch.builder(SHELL, point, mount).start();
    try (OutputStream input = shell.getOutputStream()) {
      input.write(lastWords.getBytes(UTF_8));
    }
    assertTrue(shell.waitFor(30, TimeUnit.SECONDS));
    assertEquals(0, shell.exitValue());
  }

  @Test
  void onlyTheMountItWatchesIsTakenAway() throws Exception {
    MountTable.Entry ours;
    try (FuseDevice device = FuseDevice.open()) {
      ours = TestMounts.mount(device, point);
    }
    loseDaemon(
        new MountTable.Entry(
            ours.id() + 1,
            ours.major(),
            ours.minor(),
            ours.mountPoint(),
            ours.options(),
            ours.type(),
            ours.source()),
        "");
    assertTrue(TestMounts.top(point).isPresent(), "another number");
    loseDaemon(
        new MountTable.Entry(
            ours.id(),
            ours.major(),
            ours.minor() + 1,
            ours.mountPoint(),
            ours.options(),
            ours.type(),
            ours.source()),
        "");
    assertTrue(TestMounts.top(point).isPresent(), "another device");
    loseDaemon(ours, "word\n");
    assertTrue(TestMounts.top(point).isPresent(), "told to go");
    loseDaemon(ours, "");
    assertTrue(TestMounts.top(point).isEmpty(), "the one");
  }

  @Test
  void aMountOverItIsNotTouched() throws Exception {
    MountTable.Entry ours;
    try (FuseDevice device = FuseDevice.open()) {
      ours = TestMounts.mount(device, point);
    }
    KernelMount.mount(
        "above".getBytes(UTF_8), point.bytes().toBytes(), "tmpfs", 0, "size=4k".getBytes(UTF_8));
    loseDaemon(ours, "");
    assertEquals("tmpfs", TestMounts.top(point).orElseThrow().type());
    assertTrue(MountTable.read().stream().anyMatch(entry -> entry.id() == ours.id()));
  }

  @Test
  void withoutAShellTheCallerIsToldInOneLine() throws Exception {
    try (FuseDevice device = FuseDevice.open();
        DeathWatch watch =
            DeathWatch.over(directory.resolve("sh"), point, TestMounts.mount(device, point))) {
      String told = watch.leftOut().orElseThrow();
      assertTrue(told.contains("there is no " + directory.resolve("sh")), told);
      assertFalse(told.contains("\n"), told);
      assertTrue(watch.pid().isEmpty());
    }
  }
}
