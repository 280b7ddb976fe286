package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.os.MountTable;
import io.unsealfs.storage.Node;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Readers that are interrupted or killed, and mounts that are taken away under them. */
@EachTransport
final class InterruptionMountTest {
  private static final int SECONDS = 30;

  @TempDir Path point;
  @TempDir Path scratch;

  private final Transport transport;
  private final MemoryTree tree = new MemoryTree();
  private final Node large;
  private final List<Process> children = new ArrayList<>();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  InterruptionMountTest(Transport transport) {
    this.transport = transport;
    large = tree.file("large", 8_000_001);
    for (int i = 0; i < 20; i++) {
      tree.file("file" + i, 100_000);
    }
  }

  @BeforeEach
  void needsFuse() {
    Mounts.requireFuse();
  }

  @AfterEach
  void endChildren() throws Exception {
    released.countDown();
    for (Process child : children) {
      child.descendants().forEach(ProcessHandle::destroyForcibly);
      child.destroyForcibly();
      assertTrue(child.waitFor(SECONDS, TimeUnit.SECONDS), "a reader cannot be killed");
    }
  }

  /** From now on reads wait until they are released. */
  private void block() {
    tree.fault(
        "read",
        () -> {
          asked.countDown();
          try {
            released.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
        });
  }

  /** A program that goes on while the test does; its output goes to a file. */
  private Process start(Path out, List<String> command) throws IOException {
    Process child =
        new ProcessBuilder(command)
            .directory(Path.of("/").toFile())
            .redirectOutput(out.toFile())
            .redirectError(scratch.resolve(out.getFileName() + ".err").toFile())
            .start();
    children.add(child);
    return child;
  }

  private Process shell(Path out, String script) throws IOException {
    return start(out, List.of("bash", "-c", script, point.toString()));
  }

  private static void awaitEnd(Process child) throws InterruptedException {
    assertTrue(child.waitFor(SECONDS, TimeUnit.SECONDS), "the reader hangs");
  }

  private static void awaitLine(Path out, String line) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!Files.readString(out).contains(line)) {
      assertTrue(System.nanoTime() < deadline, "no " + line);
      Thread.onSpinWait();
    }
  }

  private Process read(Path out, String word) throws Exception {
    List<String> words = Probe.command(point, word, "large");
    // not below timeout(1): the signal is for the reader
    return start(out, words.subList(words.indexOf(Probe.program().toString()), words.size()));
  }

  private static void signal(Process child, String name) throws Exception {
    assertEquals(
        0,
        new ProcessBuilder("kill", "-" + name, Long.toString(child.pid())).start().waitFor(),
        "kill -" + name);
  }

  private boolean mounted() throws Exception {
    return !entries().isEmpty();
  }

  private List<MountTable.Entry> entries() throws Exception {
    byte[] path = point.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
    return MountTable.read().stream().filter(e -> e.isAt(path)).toList();
  }

  /** Cuts the connection, as an administrator does. */
  private void abort() throws Exception {
    int minor = entries().getFirst().minor();
    Path control = Files.createDirectory(scratch.resolve("control"));
    Child child =
        Child.shell(
            control,
            "mount -t fusectl none \"$M\" && { echo 1 > \"$M/$1/abort\"; s=$?; umount -l \"$M\";"
                + " exit $s; }",
            minor);
    assertEquals(0, child.exitCode(), child.err());
  }

  private void assertServes() throws Exception {
    assertArrayEquals(
        MemoryTree.content(large), Child.shell(point, "cat \"$M/large\"").out(), "still serves");
  }

  @ParameterizedTest
  @ValueSource(strings = {"interrupted", "interrupted-direct"})
  void aSignalDuringASlowReadEndsItOrLetsItFinish(String word) throws Exception {
    Mount mount = Mounts.mount(transport, tree, point);
    try {
      block();
      Path out = scratch.resolve("out");
      Process reader = read(out, word);
      assertTrue(asked.await(SECONDS, TimeUnit.SECONDS));
      for (int i = 0; i < 20; i++) {
        if (reader.isAlive()) {
          signal(reader, "USR1");
        }
      }
      released.countDown();
      awaitEnd(reader);
      String result = Files.readString(out).strip();
      assertTrue(List.of("4096", "EINTR").contains(result), result);
      tree.heal();
      assertServes();
    } finally {
      released.countDown();
      Mounts.end(mount);
    }
  }

  @Test
  void aReaderThatWaitsForTheSourceCanBeKilled() throws Exception {
    Mount mount = Mounts.mount(transport, tree, point);
    try {
      block();
      Process reader = read(scratch.resolve("out"), "interrupted");
      assertTrue(asked.await(SECONDS, TimeUnit.SECONDS));
      signal(reader, "KILL");
      awaitEnd(reader);
      assertEquals(1, released.getCount(), "while the source still blocks");
      released.countDown();
      tree.heal();
      assertServes();
    } finally {
      released.countDown();
      Mounts.end(mount);
    }
  }

  @Test
  void aReaderKilledPastThePageCacheLeavesNothingBehind() throws Exception {
    Mount mount = Mounts.mount(transport, tree, point);
    try {
      block();
      List<Process> readers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        readers.add(read(scratch.resolve("out" + i), "interrupted-direct"));
      }
      assertTrue(asked.await(SECONDS, TimeUnit.SECONDS));
      for (Process reader : readers) {
        signal(reader, "KILL");
      }
      // the kernel may wait for the answer to a request that the daemon has begun
      released.countDown();
      for (Process reader : readers) {
        awaitEnd(reader);
      }
      tree.heal();
      assertServes();
    } finally {
      released.countDown();
      Mounts.end(mount);
    }
    assertEquals(tree.calls("open"), tree.calls("close"), "every source is closed");
  }

  @Test
  void anUnmountUnderLoadEndsInTime() throws Exception {
    Mount mount = Mounts.mount(transport, tree, point);
    List<Process> readers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Path out = scratch.resolve("out" + i);
      readers.add(
          shell(
              out,
              "echo ready; while dd if=\"$0/large\" of=/dev/null iflag=direct bs=100k && cat"
                  + " \"$0\"/file* > /dev/null; do :; done; echo over"));
      awaitLine(out, "ready");
    }
    mount.unmount(Duration.ofMillis(200));
    assertTrue(mount.awaitEnd(Duration.ZERO));
    assertFalse(mounted());
    for (Process reader : readers) {
      awaitEnd(reader);
    }
    assertEquals(tree.calls("open"), tree.calls("close"), "every source is closed");
  }

  @Test
  void afterALazyUnmountOpenFilesAreServedToTheirEnd() throws Exception {
    Mount mount = Mounts.mount(transport, tree, point);
    Path out = scratch.resolve("out");
    Path go = scratch.resolve("go");
    assertEquals(0, new ProcessBuilder("mkfifo", go.toString()).start().waitFor());
    Process reader =
        start(
            out,
            List.of(
                "bash",
                "-c",
                "exec 3< \"$0/large\"; echo ready; cat \"$1\" > /dev/null; sha256sum <&3",
                point.toString(),
                go.toString()));
    awaitLine(out, "ready");
    assertEquals(0, Child.shell(point, "umount -l \"$M\"").exitCode());
    assertFalse(mounted());
    assertFalse(mount.awaitEnd(Duration.ofMillis(200)), "a file is open");
    Files.write(go, new byte[0]);
    awaitEnd(reader);
    String digest =
        HexFormat.of()
            .formatHex(MessageDigest.getInstance("SHA-256").digest(MemoryTree.content(large)));
    awaitLine(out, digest);
    assertTrue(mount.awaitEnd(Duration.ofSeconds(SECONDS)), "the last close ends it");
    mount.unmount(Duration.ZERO);
  }

  @Test
  void anAbortedConnectionEndsTheMountAndTheNextOneWorks() throws Exception {
    Mounts.requireRoot();
    Mount mount = Mounts.mount(transport, tree, point);
    try {
      Path out = scratch.resolve("out");
      Process reader =
          shell(out, "echo ready; while cat \"$0\"/file* > /dev/null; do :; done; echo over");
      awaitLine(out, "ready");
      abort();
      awaitEnd(reader);
      assertTrue(mount.awaitEnd(Duration.ofSeconds(SECONDS)));
    } finally {
      mount.unmount(Duration.ofSeconds(1));
    }
    assertFalse(mounted(), "a dead mount is left");
    Mount next = Mounts.mount(transport, tree, point);
    try {
      assertServes();
    } finally {
      Mounts.end(next);
    }
    assertFalse(mounted(), "nothing is left below");
  }

  @Test
  void readersOfAKilledDaemonGetErrorsAndTheNextMountWorks() throws Exception {
    Process daemon =
        ChildDaemon.start(point, transport == Transport.JNR ? Transport.JNR_ALONE : transport);
    children.add(daemon);
    Path out = scratch.resolve("out");
    Process reader =
        shell(
            out,
            "echo ready; while dd if=\"$0/file\" of=/dev/null iflag=direct bs=4k; do :; done;"
                + " echo over");
    awaitLine(out, "ready");
    daemon.destroyForcibly();
    awaitEnd(daemon);
    awaitEnd(reader);
    awaitLine(out, "over");
    Mount mount = Mounts.mount(transport, tree, point);
    try {
      assertServes();
    } finally {
      Mounts.end(mount);
    }
    assertFalse(mounted(), "nothing is left below");
  }
}
