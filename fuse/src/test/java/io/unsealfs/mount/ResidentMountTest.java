package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.mount.kernel.KernelFuseHost;
import io.unsealfs.mount.resident.ResidentFigures;
import io.unsealfs.mount.resident.ResidentPlan;
import io.unsealfs.storage.Node;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that the kernel reads from memory without asking. */
final class ResidentMountTest {
  private static final long BUDGET = 16 << 20;

  @TempDir Path point;

  private final MemoryTree tree = new MemoryTree();
  private final CountDownLatch released = new CountDownLatch(1);
  private @Nullable Mount mount;

  @BeforeEach
  void needsTheKernel() {
    Mounts.requireFuse();
    Mounts.requireRoot();
  }

  @AfterEach
  void unmount() throws Exception {
    released.countDown();
    tree.heal();
    if (mount != null) {
      mount.unmount(Duration.ofSeconds(5));
    }
  }

  @Test
  void servesEveryByteAndNeverReadsTwice() throws Exception {
    Node file = tree.file("model", 5_000_001);
    begin(true);

    assertArrayEquals(MemoryTree.content(file), read("model").out());
    int reads = tree.calls("read");
    assertArrayEquals(MemoryTree.content(file), read("model").out());

    assertEquals(reads, tree.calls("read"), "reads of a resident file");
    assertEquals(1, figures().fills());
  }

  @Test
  void readsTheOrdinaryWayWhatItIsNotAskedFor() throws Exception {
    Node file = tree.file("notes", 300_000);
    begin(true);

    assertArrayEquals(MemoryTree.content(file), read("notes").out());
    assertEquals(0, figures().fills());
  }

  @Test
  void readsTheOrdinaryWayWhatDoesNotFit() throws Exception {
    Node file = tree.file("model-large", BUDGET + 1);
    begin(true);

    assertArrayEquals(MemoryTree.content(file), read("model-large").out());
    assertEquals(0, figures().fills());
    assertEquals(1, figures().refused());
  }

  @Test
  void makesRoomByDroppingWhatWasUsedLongestAgo() throws Exception {
    for (int i = 0; i < 4; i++) {
      tree.file("model" + i, 6 << 20);
    }
    begin(true);

    for (int i = 0; i < 4; i++) {
      assertEquals(0, read("model" + i).exitCode());
    }
    assertEquals(4, figures().fills());
    assertEquals(2, figures().evictions());
    assertEquals(2, figures().files());
  }

  @Test
  void givesMemoryBackWhenItIsShort() throws Exception {
    tree.file("model", 5_000_001);
    begin(true);
    assertEquals(0, read("model").exitCode());

    mounted().memoryIsShort();

    assertEquals(0, figures().bytesHeld());
    assertEquals(0, read("model").exitCode());
    assertEquals(2, figures().fills());
  }

  @Test
  void aDamagedFileIsNeverResident() throws Exception {
    tree.file("model", 5_000_001);
    tree.fault(
        "read",
        () -> {
          throw new IntegrityException("c/2", 0, "damaged");
        });
    begin(true);

    Child child = read("model");

    assertNotEquals(0, child.exitCode());
    assertEquals(0, child.out().length);
    assertTrue(child.err().contains("Input/output error"), child.err());
    assertEquals(0, figures().fills());
    assertEquals(0, figures().bytesHeld());
  }

  @Test
  void whoOpensWhileItIsFilledWaitsAndCanBeKilled() throws Exception {
    Node file = tree.file("model", 5_000_001);
    tree.fault("read", this::waitForRelease);
    begin(true);

    Child killed = Child.shell(point, "timeout -s KILL 1 cat $M/model");
    assertEquals(0, killed.out().length);

    released.countDown();
    tree.heal();
    assertArrayEquals(MemoryTree.content(file), read("model").out());
  }

  @Test
  void whoDoesNotWaitReadsTheSameBytesMeanwhile() throws Exception {
    Node file = tree.file("model", 5_000_001);
    begin(false);

    assertArrayEquals(MemoryTree.content(file), read("model").out());
    assertArrayEquals(MemoryTree.content(file), read("model").out());
    assertEquals(1, figures().fills());
    assertTrue(tree.calls("read") <= 5 + 1, "pieces were decrypted twice");
  }

  @Test
  void aMappingIsCutOffWhenTheMountIsEnded() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "no python3");
    tree.file("model", 5_000_001);
    begin(true);
    Process reader =
        new ProcessBuilder(
                "python3",
                "-c",
                """
                import mmap, sys
                f = open(sys.argv[1], 'rb')
                m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
                print(m[0], flush=True)
                sys.stdin.readline()
                print(len(f.read()), flush=True)
                print(m[4096], flush=True)
                """,
                point.resolve("model").toString())
            .redirectErrorStream(true)
            .start();
    try {
      assertTrue(reader.inputReader().readLine() != null);
      mounted().unmount(Duration.ZERO);
      reader.outputWriter().write("\n");
      reader.outputWriter().flush();

      assertEquals("0", reader.inputReader().readLine(), "bytes read after the end");
      assertTrue(reader.waitFor(30, TimeUnit.SECONDS));
      assertEquals(128 + 7, reader.exitValue(), "SIGBUS");
    } finally {
      reader.destroyForcibly();
    }
  }

  private void waitForRelease() {
    try {
      released.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void begin(boolean waits) throws Exception {
    MountOptions options =
        new MountOptions(
            "test:source",
            false,
            List.of(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            0,
            0,
            0,
            Optional.of(new ResidentPlan(path -> path.startsWith("model"), BUDGET, waits)));
    Mount made = new KernelFuseHost().mount(tree, point, options, FuseEvents.NONE);
    mount = made;
    Assumptions.assumeTrue(
        made.resident().isPresent(), "this kernel has no FUSE passthrough to huge pages");
  }

  private Mount mounted() {
    return Objects.requireNonNull(mount);
  }

  private ResidentFigures figures() {
    return mounted().resident().orElseThrow();
  }

  private Child read(String name) throws Exception {
    return Child.shell(point, "cat $M/$1", name, name);
  }
}
