package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.mount.kernel.KernelFuseHost;
import io.unsealfs.mount.resident.ResidentFigures;
import io.unsealfs.mount.resident.ResidentPlan;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.StorageException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
      awaitClosed();
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

    awaitRelease();
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
  void aFillThatHangsDoesNotHoldUpTheEnd() throws Exception {
    tree.file("model", 5_000_001);
    tree.fault("read", this::waitForRelease);
    begin(true);
    try (Holder _ = new Holder(point, "opened", "model")) {
      while (tree.calls("read") < 2) {
        Thread.onSpinWait(); // the surefire time-out ends it
      }
      mounted().unmount(Duration.ZERO);
      assertTrue(mounted().awaitEnd(Duration.ZERO));
    }
    assertEquals(0, figures().bytesHeld());
  }

  @Test
  void whereItCannotBeOpenedToFillItItIsReadTheOrdinaryWay() throws Exception {
    Node file = tree.file("model", 5_000_001);
    failSecondOpen(() -> {
      throw new StorageException("too many open files");
    });
    begin(true);
    assertArrayEquals(MemoryTree.content(file), read("model").out());
    awaitClosed();
  }

  @Test
  void anOpenThatFailsLeavesNothingOpen() throws Exception {
    tree.file("model", 5_000_001);
    failSecondOpen(() -> {
      throw new IllegalStateException("a bug");
    });
    begin(true);
    assertEquals("open EIO", Probe.ask(point, "read", "model", 0, 10));
    awaitClosed();
  }

  private void failSecondOpen(MemoryTree.Fault fault) {
    AtomicInteger opens = new AtomicInteger();
    tree.fault(
        "open",
        () -> {
          if (opens.incrementAndGet() % 2 == 0) {
            fault.strike();
          }
        });
  }

  private void awaitClosed() {
    while (mounted().openFiles() > 0) {
      Thread.onSpinWait(); // the surefire time-out ends it
    }
  }

  @Test
  void nothingIsFilledForWhoReadsTheOrdinaryWay() throws Exception {
    Node file = tree.file("model", 5_000_001);
    tree.file("model-large", BUDGET);
    begin(true);
    try (Holder large = new Holder(point, "held", "model-large")) {
      assertEquals("mapped", large.line());
      try (Holder ordinary = new Holder(point, "opened", "model")) {
        String _ = ordinary.line();
        assertEquals(1, figures().refused());
        assertEquals(BUDGET, large.rest().length);
        while (figures().files() > 0) {
          mounted().memoryIsShort(); // the kernel lets go a moment after the process has ended
        }
        assertArrayEquals(MemoryTree.content(file), read("model").out());
        assertEquals(0, figures().files(), "filled, and read the ordinary way as well");
        assertArrayEquals(MemoryTree.content(file), ordinary.rest());
      }
    }
    awaitClosed();
    assertArrayEquals(MemoryTree.content(file), read("model").out());
    assertEquals(2, figures().fills());
  }

  @Test
  void whoDoesNotWaitReadsTheSameBytesMeanwhile() throws Exception {
    Node file = tree.file("model", 5_000_001);
    begin(false);

    assertArrayEquals(MemoryTree.content(file), read("model").out());
    assertArrayEquals(MemoryTree.content(file), read("model").out());
    while (figures().fills() == 0) {
      Thread.onSpinWait(); // counted after the last piece is there; the surefire time-out ends it
    }
    assertEquals(1, figures().fills());
    assertTrue(tree.calls("read") <= 5 + 1, "pieces were decrypted twice");
  }

  @Test
  void whoHasItOpenIsCutOffWhenTheMountIsEnded() throws Exception {
    Node file = tree.file("model", 5_000_001);
    begin(true);
    Holder holder = new Holder(point, "revoked", "model");
    try {
      assertEquals("mapped", holder.line());
      mounted().unmount(Duration.ZERO);

      // read(2): the end of the file; no page of the mapping; nor of a new one
      assertEquals("0\n0 pages\nSIGBUS\n", new String(holder.rest(), StandardCharsets.US_ASCII));
    } finally {
      holder.close();
    }
    assertEquals(tree.calls("open"), tree.calls("close"), file.location() + " stays open");
  }

  @Test
  void whatIsMappedStaysWhenMemoryIsShort() throws Exception {
    Node file = tree.file("model", 5_000_001);
    tree.file("model-large", BUDGET);
    begin(true);
    try (Holder holder = new Holder(point, "held", "model")) {
      assertEquals("mapped", holder.line());
      awaitRelease();
      mounted().memoryIsShort();
      assertEquals(0, read("model-large").exitCode());
      assertEquals(1, figures().refused(), "no room beside what is mapped");
      assertEquals(1, figures().files());
      assertArrayEquals(MemoryTree.content(file), holder.rest());
    }
    while (figures().files() > 0) {
      mounted().memoryIsShort(); // the kernel lets go a moment after the process has ended
    }
    awaitClosed(); // whoever still has it open has it so the ordinary way
    assertEquals(0, read("model-large").exitCode());
    assertEquals(2, figures().fills());
  }

  /** The kernel says that a file was closed after close(2) has returned. */
  private void awaitRelease() {
    while (tree.calls("close") < tree.calls("open")) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aMappingOutlivesADaemonThatIsKilled() throws Exception {
    Process daemon = ChildDaemon.start(point, Transport.KERNEL);
    Holder holder = new Holder(point, "held", "model");
    try {
      assertEquals("mapped", holder.line());
      daemon.destroyForcibly();
      daemon.waitFor();
      MemoryTree same = new MemoryTree();
      same.file("file", 100_000);
      assertArrayEquals(MemoryTree.content(same.file("model", 5_000_001)), holder.rest());
    } finally {
      holder.close();
      daemon.destroyForcibly();
      daemon.waitFor();
    }
    // what is left of that mount is cleared by the next one
    Node file = tree.file("model", 5_000_001);
    begin(true);
    assertArrayEquals(MemoryTree.content(file), read("model").out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"mmap-shared", "mmap-private", "splice", "sendfile"})
  void isReadInEveryWay(String word) throws Exception {
    Node file = tree.file("model", 5_000_001);
    begin(true);
    for (int i = 0; i < 2; i++) {
      assertArrayEquals(MemoryTree.content(file), Probe.run(point, word, "model").out());
    }
    assertEquals(5, tree.calls("read"), "each piece once");
  }

  @Test
  void isReadDirectlyAndNeverWritten() throws Exception {
    Node file = tree.file("model", 5_000_001);
    begin(true);
    byte[] content = MemoryTree.content(file);
    for (int i = 0; i < 2; i++) {
      assertArrayEquals(
          Arrays.copyOfRange(content, 1 << 20, (1 << 20) + 8192),
          Probe.run(point, "direct", "model", 1 << 20, 8192).out());
      assertArrayEquals(
          Arrays.copyOfRange(content, 4_999_168, content.length),
          Probe.run(point, "direct", "model", 4_999_168, 8192).out());
      for (String word : List.of("open-write", "open-both", "open-append", "open-truncate")) {
        assertEquals("EROFS", Probe.ask(point, word, "model"), word);
      }
      assertEquals("private ", Probe.ask(point, "mmap-write", "model").substring(0, 8));
    }
    assertEquals(1, figures().fills());
    assertArrayEquals(content, read("model").out());
  }

  @Test
  void hardLinksShareOneCopy() throws Exception {
    MemoryTree.MemoryNode file = tree.file("model", 5_000_001);
    tree.add(tree.top(), Name.of("model-too"), file.attributes());
    begin(true);
    try (Holder holder = new Holder(point, "held", "model")) {
      assertEquals("mapped", holder.line());
      assertArrayEquals(MemoryTree.content(file), read("model-too").out());
      assertArrayEquals(MemoryTree.content(file), holder.rest());
    }
    assertEquals(1, figures().fills());
    assertEquals(5, tree.calls("read"), "each piece once");
  }

  @Test
  void fourLoadersAtOnceGetTheSameBytesOfOneFill() throws Exception {
    Node file = tree.file("model", 12_000_001);
    begin(true);
    try (ExecutorService loaders = Executors.newFixedThreadPool(4)) {
      List<Future<Child>> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        all.add(loaders.submit(() -> Probe.run(point, "mmap-shared", "model")));
      }
      for (Future<Child> one : all) {
        assertArrayEquals(MemoryTree.content(file), one.get().out());
      }
    }
    assertEquals(1, figures().fills());
    assertEquals(12, tree.calls("read"), "each piece once");
  }

  @Test
  void whoOpenedItBeforeItWasThereKeepsTheOrdinaryWay() throws Exception {
    Node file = tree.file("model", 5_000_001);
    byte[] content = MemoryTree.content(file);
    begin(false);
    String number;
    try (Holder first = new Holder(point, "opened", "model")) {
      number = first.line();
      while (figures().fills() == 0) {
        Thread.onSpinWait(); // the surefire time-out ends it
      }
      try (Holder second = new Holder(point, "opened", "model")) {
        assertEquals(number, second.line(), "the inode's number");
        assertArrayEquals(content, second.rest());
      }
      assertArrayEquals(content, first.rest());
    }
    int requests = tree.calls("read");
    try (Holder third = new Holder(point, "opened", "model")) {
      assertEquals(number, third.line());
      assertArrayEquals(content, third.rest());
    }
    assertArrayEquals(content, Probe.run(point, "mmap-shared", "model").out());
    assertEquals(requests, tree.calls("read"));
    assertEquals(5, requests, "each piece once");
  }

  @Test
  void whatWasReadTheOrdinaryWayLeavesTheKernelOnceItIsResident() throws Exception {
    Node file = tree.file("model", 5_000_001);
    tree.file("model-large", BUDGET);
    begin(false);
    try (Holder reader = new Holder(point, "opened", "model")) {
      String _ = reader.line();
      while (figures().fills() == 0) {
        Thread.onSpinWait(); // the surefire time-out ends it
      }
      assertArrayEquals(MemoryTree.content(file), reader.rest());
    }
    awaitRelease();
    mounted().memoryIsShort();
    assertEquals(0, figures().files(), "read the ordinary way, nobody opened it since");

    try (Holder holder = new Holder(point, "held", "model-large")) {
      assertEquals("mapped", holder.line());
      int reads = tree.calls("read");
      assertArrayEquals(MemoryTree.content(file), read("model").out());
      assertTrue(tree.calls("read") > reads, "its pages are still in the kernel");
    }
  }

  @Test
  void damageAtTheEndIsAnErrorThereAndOnlyThere() throws Exception {
    byte[] content = new byte[5_000_001];
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) (1 + i % 251);
    }
    int damagedFrom = 4_997_120;
    io.unsealfs.trees.MemoryTree damaged =
        new io.unsealfs.trees.MemoryTree(
            io.unsealfs.trees.MemoryTree.directory(1)
                .add(
                    Name.of("model"),
                    io.unsealfs.trees.MemoryTree.file(2, content)
                        .onRead((offset, length) -> {
                          if (offset + length > damagedFrom) {
                            throw new IntegrityException("c/2", damagedFrom, "damaged");
                          }
                        })));
    begin(damaged, true);
    for (int i = 0; i < 2; i++) {
      Child all = read("model");
      assertNotEquals(0, all.exitCode());
      assertTrue(all.err().contains("Input/output error"), all.err());
      assertArrayEquals(
          Arrays.copyOf(content, damagedFrom),
          Probe.run(point, "read", "model", 0, damagedFrom).out());
      assertEquals("EIO ", Probe.ask(point, "read", "model", damagedFrom, 10) + " ");
    }
    assertEquals(0, figures().fills());
    assertEquals(1, figures().givenUp(), "tried once");
    assertEquals(0, figures().bytesHeld());
  }

  private void waitForRelease() {
    try {
      released.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void begin(boolean waits) throws Exception {
    begin(tree, waits);
  }

  private void begin(FileTree shown, boolean waits) throws Exception {
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
            false,
            Optional.of(new ResidentPlan(path -> path.startsWith("model"), BUDGET, waits)));
    Mount made = new KernelFuseHost().mount(shown, point, options, FuseEvents.NONE);
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
