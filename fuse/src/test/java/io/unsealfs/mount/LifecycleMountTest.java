package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unsealfs.os.MountTable;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Beginning and end of mounts, in order and otherwise. */
@EachTransport
final class LifecycleMountTest {
  @TempDir Path point;

  private final Transport transport;
  private final MemoryTree tree = new MemoryTree();

  LifecycleMountTest(Transport transport) {
    this.transport = transport;
  }

  @BeforeEach
  void needsFuse() {
    Mounts.requireFuse();
    tree.file("file", 100_000);
  }

  private static boolean mounted(Path point) throws Exception {
    byte[] path = point.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
    return MountTable.read().stream().anyMatch(entry -> entry.isAt(path));
  }

  private void refused(String reason, MemoryTree tree, Path point, MountOptions options) {
    MountException e =
        assertThrows(
            MountException.class,
            () -> transport.host().mount(tree, point, options, FuseEvents.NONE));
    assertTrue(String.valueOf(e.getMessage()).contains(reason), e.getMessage());
    assertFalse(String.valueOf(e.getMessage()).contains("\n"));
  }

  @Test
  void aMountEndsOnceHoweverOftenAndFromWhereItIsAsked() throws Exception {
    Mount mount = Mounts.mount(transport, tree, point);
    assertTrue(mounted(point));
    assertFalse(mount.awaitEnd(Duration.ZERO));
    try (ExecutorService callers = Executors.newFixedThreadPool(4)) {
      List<? extends Future<?>> ends =
          IntStream.range(0, 4)
              .mapToObj(i ->
                  callers.submit(() -> {
                    mount.unmount(Duration.ofSeconds(5));
                    return null;
                  }))
              .toList();
      for (Future<?> end : ends) {
        end.get(30, TimeUnit.SECONDS);
      }
    }
    assertTrue(mount.awaitEnd(Duration.ZERO));
    assertFalse(mounted(point));
    mount.close();
  }

  @Test
  void theSameDirectoryTakesOneMountAfterTheOther() throws Exception {
    for (int i = 0; i < 5; i++) {
      Mount mount = Mounts.mount(transport, tree, point);
      assertEquals(100_000, Child.shell(point, "cat \"$M/file\"").out().length);
      Mounts.end(mount);
    }
  }

  @Test
  void anUnmountBySomebodyElseIsNoticed() throws Exception {
    Mount mount = Mounts.mount(transport, tree, point);
    assertEquals(0, Child.shell(point, "umount \"$M\"").exitCode());
    assertTrue(mount.awaitEnd(Duration.ofSeconds(20)));
    mount.unmount(Duration.ZERO);
  }

  @Test
  void whatSomebodyUsesIsNotUnmountedAsUnused() throws Exception {
    Mount mount = Mounts.mount(transport, tree, point);
    // no child that would outlive them a moment
    for (String use :
        List.of(
            "exec 3<\"$0/file\"; read -r -N 1 x <&3; echo x; exec sleep 60",
            "cd \"$0\"; echo x; exec sleep 60")) {
      File ready = Files.createTempFile("holder", ".ready").toFile();
      Process user =
          new ProcessBuilder("bash", "-c", use, point.toString())
              .redirectOutput(ready)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try {
        while (ready.length() == 0) {
          assertTrue(user.isAlive());
          Thread.onSpinWait();
        }
        assertFalse(mount.unmountUnused(), use);
        assertTrue(mounted(point));
      } finally {
        user.destroyForcibly();
        user.onExit().join();
        assertTrue(ready.delete());
      }
    }
    assertTrue(mount.unmountUnused());
    assertFalse(mounted(point));
    assertTrue(mount.awaitEnd(Duration.ofSeconds(20)));
    mount.close();
  }

  @Test
  void whoKeepsAFileOpenIsCutOffAfterTheGrace() throws Exception {
    Mount mount = Mounts.mount(transport, tree, point);
    File ready = Files.createTempFile("holder", ".ready").toFile();
    Process holder =
        new ProcessBuilder(
                "bash", "-c", "exec 3<\"$0/file\"; head -c 1 <&3; exec sleep 60", point.toString())
            .redirectOutput(ready)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      while (ready.length() == 0) {
        assertTrue(holder.isAlive());
        Thread.onSpinWait();
      }
      assertFalse(mount.awaitEnd(Duration.ZERO));
      mount.unmount(Duration.ofMillis(200));
      assertTrue(mount.awaitEnd(Duration.ZERO));
      assertFalse(mounted(point));
      assertEquals(1, tree.calls("close"), "the source is closed once");
    } finally {
      holder.destroyForcibly();
      holder.waitFor();
      Files.delete(ready.toPath());
    }
  }

  @Test
  void afterAKillTheNextMountRecovers() throws Exception {
    // see also what the libfuse transport does where fusermount is installed
    Transport killed = transport == Transport.JNR ? Transport.JNR_ALONE : transport;
    Process daemon = ChildDaemon.start(point, killed);
    try {
      assertEquals(0, Child.shell(point, "stat \"$M\" && cat \"$M/file\"").exitCode());
      MountException live =
          assertThrows(MountException.class, () -> Mounts.mount(transport, tree, point));
      assertTrue(String.valueOf(live.getMessage()).contains("already mounted"), live.getMessage());
    } finally {
      daemon.destroyForcibly();
      daemon.waitFor();
    }
    Mount mount = Mounts.mount(transport, tree, point);
    try {
      assertEquals(0, Child.shell(point, "cmp <(cat \"$M/file\") \"$M/file\"").exitCode());
    } finally {
      Mounts.end(mount);
    }
    assertFalse(mounted(point), "nothing is left below");
  }

  @Test
  void unsuitableMountPointsAreRefusedByName() throws Exception {
    refused("no such directory", tree, point.resolve("none"), Mounts.PLAIN);
    Path file = Files.createFile(point.resolve("plain"));
    refused("not a directory", tree, file, Mounts.PLAIN);
    refused("not empty", tree, point, Mounts.PLAIN);
    refused("mount on /", tree, Path.of("/"), Mounts.PLAIN);
    if (transport != Transport.KERNEL) {
      refused("several users", tree, emptied(file), Mounts.options(List.of(1, 2)));
    }
  }

  private Path emptied(Path file) throws Exception {
    Files.delete(file);
    return point;
  }

  @Test
  void somebodyElsesFuseMountIsNotTouched() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/gocryptfs")), "needs gocryptfs");
    Path cipher = Files.createTempDirectory("cipher");
    Child made =
        Child.shell(
            point,
            "echo pw > \"$1.pw\"; gocryptfs -q -init -scryptn 10 -passfile \"$1.pw\" \"$1\""
                + " && gocryptfs -q -passfile \"$1.pw\" \"$1\" \"$M\"",
            cipher);
    assertEquals(0, made.exitCode(), made.err());
    try {
      refused("fuse.gocryptfs", tree, point, Mounts.PLAIN);
      assertTrue(mounted(point));
    } finally {
      Child.shell(point, "umount \"$M\"; rm -r \"$1\" \"$1.pw\"", cipher);
    }
  }

  @Test
  void aPlainMountsEmptyDirectoryIsFine() throws Exception {
    assertEquals(0, Child.shell(point, "mount -t tmpfs none \"$M\"").exitCode());
    try {
      Mount mount = Mounts.mount(transport, tree, point);
      assertEquals(0, Child.shell(point, "cat \"$M/file\"").exitCode());
      Mounts.end(mount);
      assertTrue(mounted(point), "the tmpfs is still there");
    } finally {
      Child.shell(point, "umount \"$M\"");
    }
  }

  @Test
  void theSourceNameMayHoldCommasBackslashesAndBlanks() throws Exception {
    String name = "oss://b,uck\\et/pre fix,allow_other,\u00fc";
    MountOptions options =
        new MountOptions(name, false, List.of(), OptionalInt.empty(), OptionalInt.empty(), 0);
    Mount mount = transport.host().mount(tree, point, options, FuseEvents.NONE);
    try {
      byte[] path = point.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
      MountTable.Entry entry =
          MountTable.read().stream().filter(e -> e.isAt(path)).findFirst().orElseThrow();
      assertEquals(name, new String(entry.source(), StandardCharsets.UTF_8));
      assertEquals("fuse.unsealfs", entry.type());
    } finally {
      Mounts.end(mount);
    }
  }

  @Test
  void nobodyExecutesAFileWhereThatIsForbidden() throws Exception {
    MountOptions options =
        new MountOptions(
            "s",
            true,
            List.of(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            0,
            0,
            0,
            true,
            Optional.empty());
    Mount mount = transport.host().mount(tree, point, options, FuseEvents.NONE);
    try {
      byte[] path = point.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
      MountTable.Entry entry =
          MountTable.read().stream().filter(e -> e.isAt(path)).findFirst().orElseThrow();
      assertTrue(List.of(entry.options().split(",", -1)).contains("noexec"), entry.options());
    } finally {
      Mounts.end(mount);
    }
  }

  @Test
  void onlyTheAllowedUserAndRootLookIn() throws Exception {
    Mounts.requireRoot();
    Mount mount =
        transport.host().mount(tree, point, Mounts.options(List.of(4321)), FuseEvents.NONE);
    try {
      String read = "cat \"$M/file\" && stat \"$M/file\"";
      assertEquals(0, Child.shell(point, read).exitCode(), "root, who caches all names");
      assertEquals("4321 700", Child.shell(point, "stat -c '%u %a' \"$M\"").text());
      String as = "exec setpriv --reuid=$1 --regid=$1 --clear-groups bash -c '" + read + "'";
      Child allowed = Child.shell(point, as, 4321);
      assertEquals(0, allowed.exitCode(), allowed.err());
      Child other = Child.shell(point, as, 4322);
      assertTrue(other.err().contains("Permission denied"), other.err());
      assertEquals(0, other.out().length);
      assertEquals(0, Child.shell(point, as.replace(" && ", "; ls \"$M\"; "), 4322).out().length);
    } finally {
      Mounts.end(mount);
    }
  }

  @Test
  void severalAllowedUsersAndRootLookInWhereTheTransportCanSetAnAccessControlList()
      throws Exception {
    Mounts.requireRoot();
    MountOptions options = Mounts.options(List.of(4321, 4323));
    if (transport == Transport.JNR) {
      refused("several users", tree, point, options);
      return;
    }
    Mount mount = transport.host().mount(tree, point, options, FuseEvents.NONE);
    try {
      String read = "cat \"$M/file\" && ls \"$M\"";
      String as = "exec setpriv --reuid=$1 --regid=$1 --clear-groups bash -c '" + read + "'";
      assertEquals(0, Child.shell(point, read).exitCode(), "root, who caches all names");
      for (int allowed : new int[] {4321, 4323}) {
        Child reader = Child.shell(point, as, allowed);
        assertEquals(0, reader.exitCode(), reader.err());
      }
      for (int other : new int[] {4322, 65534}) {
        Child reader = Child.shell(point, as, other);
        assertTrue(reader.err().contains("Permission denied"), reader.err());
        assertEquals(0, reader.out().length);
      }
    } finally {
      Mounts.end(mount);
    }
  }

  @Test
  void othersAreShutOutUnlessAllowed() throws Exception {
    Mounts.requireRoot();
    String as = "exec setpriv --reuid=4322 --regid=4322 --clear-groups cat \"$M/file\"";
    Mount closed = Mounts.mount(transport, tree, point);
    assertTrue(Child.shell(point, as).exitCode() != 0);
    Mounts.end(closed);
    MountOptions open =
        new MountOptions("s", true, List.of(), OptionalInt.of(4322), OptionalInt.of(7), 0077);
    Mount mount = transport.host().mount(tree, point, open, FuseEvents.NONE);
    try {
      assertEquals("4322 7 600", Child.shell(point, "stat -c '%u %g %a' \"$M/file\"").text());
      Child reader = Child.shell(point, as);
      assertEquals(100_000, reader.out().length, reader.err());
    } finally {
      Mounts.end(mount);
    }
  }
}
