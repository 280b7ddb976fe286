package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.StorageException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Pages that the kernel is given before they are asked for. */
@Timeout(120)
final class NeighbourPagesMountTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 1024;

  /** Of sixteen that lie together, as many as make the others wanted. */
  private static final int ENOUGH = 4;

  /** Who is busy with other things may not get to what lies around before it is asked for. */
  private static final int TRIES = 5;

  @TempDir Path point;

  private final MemoryTree tree = new MemoryTree();
  private final AtomicInteger asked = new AtomicInteger();
  private final CountDownLatch released = new CountDownLatch(1);
  private final RecordedEvents recorded = new RecordedEvents();
  private @Nullable Mount mount;

  private final FuseEvents events =
      new FuseEvents() {
        @Override
        public void failed(
            String operation, String location, String plaintextPath, IOException cause) {
          recorded.failed(operation, location, plaintextPath, cause);
        }

        @Override
        public void unexpected(String operation, Throwable cause) {
          recorded.unexpected(operation, cause);
        }

        @Override
        public void answered(Operation operation, int result, long nanos) {
          if (operation == Operation.READ) {
            asked.incrementAndGet();
          }
        }
      };

  @BeforeEach
  void needsTheKernel() {
    Mounts.requireFuse();
  }

  @AfterEach
  void unmount() throws Exception {
    released.countDown();
    if (mount != null) {
      mount.unmount(Duration.ofSeconds(5));
    }
  }

  private Mount begin(int workers) throws IOException {
    MountOptions options =
        new MountOptions(
            "test:source",
            false,
            List.of(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            0,
            MountOptions.DEFAULT_READ_AHEAD_BYTES,
            workers,
            false,
            Optional.empty());
    Mount made = Transport.KERNEL.host().mount(tree, point, options.withRevocable(true), events);
    mount = made;
    return made;
  }

  private byte[] shuffled(String word, int most) throws Exception {
    return probed(word, "model", most);
  }

  private byte[] probed(String word, String name, Object... arguments) throws Exception {
    Child child = Probe.run(point, word, name, arguments);
    assertEquals(0, child.exitCode(), child::err);
    return child.out();
  }

  /**
   * Reads one new file after the other, until one of them took fewer requests than it has pages.
   *
   * @return its name
   */
  private String readWithFewRequests(String word, Object... arguments) throws Exception {
    List<Node> files = new ArrayList<>();
    for (int i = 0; i < TRIES; i++) {
      files.add(tree.file("model" + i, PAGES * PAGE - 1000));
    }
    begin(2);
    for (int i = 0; i < TRIES; i++) {
      asked.set(0);
      assertArrayEquals(MemoryTree.content(files.get(i)), probed(word, "model" + i, arguments));
      assertTrue(asked.get() >= PAGES * ENOUGH / 16, () -> asked + " requests");
      // a quarter at best: who is busy with one region leaves others for later
      if (asked.get() < PAGES) {
        return "model" + i;
      }
    }
    return fail("every page of " + TRIES + " files was asked for");
  }

  /** The first pages of each sixteen. */
  private static byte[] pages(Node file, int most) {
    byte[] all = MemoryTree.content(file);
    ByteArrayOutputStream some = new ByteArrayOutputStream();
    for (int page = 0; page * PAGE < all.length; page++) {
      if (page % 16 < most) {
        some.write(all, page * PAGE, Math.min(PAGE, all.length - page * PAGE));
      }
    }
    return some.toByteArray();
  }

  @Test
  void whoReadsAFileInRandomOrderNeedNotAskForAllOfIt() throws Exception {
    String name = readWithFewRequests("shuffled", 16);
    int before = asked.get();
    assertArrayEquals(
        MemoryTree.content(tree.lookup(tree.root(), Name.of(name))), probed("shuffled", name, 16));
    assertEquals(before, asked.get(), "the kernel has all of it");
  }

  @Test
  void aMappingThatIsTouchedInRandomOrderNeedNotAskForAllOfIt() throws Exception {
    String _ = readWithFewRequests("shuffled-mapped");
  }

  @Test
  void readsFarApartBringNothingElse() throws Exception {
    Node file = tree.file("model", PAGES * PAGE);
    begin(2);
    int few = ENOUGH - 1;
    assertArrayEquals(pages(file, few), shuffled("shuffled", few));
    assertEquals(PAGES * few / 16, asked.get());
    assertEquals(asked.get(), tree.calls("read"));
  }

  @Test
  void whoPassesThePageCacheGetsNothingIntoIt() throws Exception {
    Node file = tree.file("model", PAGES * PAGE);
    begin(2);
    assertArrayEquals(MemoryTree.content(file), shuffled("shuffled-direct", 16));
    assertEquals(PAGES, asked.get());
    assertEquals(PAGES, tree.calls("read"));
  }

  @Test
  void aSingleWorkerOnlyAnswers() throws Exception {
    Node file = tree.file("model", PAGES * PAGE);
    begin(1);
    assertArrayEquals(MemoryTree.content(file), shuffled("shuffled", 16));
    assertEquals(PAGES, asked.get());
    assertEquals(PAGES, tree.calls("read"));
  }

  @Test
  void damageAroundWhatIsReadIsToldToWhoAsksForIt() throws Exception {
    tree.file("model", 16 * PAGE);
    begin(2);
    AtomicInteger reads = new AtomicInteger();
    tree.fault(
        "read",
        () -> {
          if (reads.incrementAndGet() > ENOUGH) {
            throw new StorageException("damaged");
          }
        });
    try (Holder holder = new Holder(point, "shuffled-held", "model", ENOUGH)) {
      assertEquals("read", holder.line());
      awaitMoreThan(ENOUGH, reads);
    }
    assertEquals(List.of(), recorded.lines);
    assertEquals("EIO\n", new String(shuffled("shuffled", 16), StandardCharsets.US_ASCII));
    // the kernel asks once more before it believes it
    assertEquals(Set.of("failed read c/2 /model damaged"), Set.copyOf(recorded.lines));
  }

  @Test
  void nothingIsPutBackBehindARevocation() throws Exception {
    tree.file("model", 16 * PAGE);
    Mount mounted = begin(2);
    AtomicInteger reads = new AtomicInteger();
    CountDownLatch interrupted = new CountDownLatch(1);
    tree.fault(
        "read",
        () -> {
          if (reads.incrementAndGet() == ENOUGH + 1) {
            // until the connection is cut; then the bytes are there after all
            try {
              released.await();
            } catch (InterruptedException e) {
              interrupted.countDown();
            }
          }
        });
    try (Holder shuffled = new Holder(point, "shuffled-held", "model", ENOUGH)) {
      assertEquals("read", shuffled.line());
      awaitMoreThan(ENOUGH, reads);
      try (Holder holder = new Holder(point, "revoked", "model")) {
        assertEquals("mapped", holder.line());
        mounted.revoke(new KeyRevokedException("the owner took it back"));
        assertTrue(mounted.awaitEnd(Duration.ofSeconds(30)));
        assertEquals(0, interrupted.getCount());
        List<String> lines = new String(holder.rest(), StandardCharsets.US_ASCII).lines().toList();
        assertEquals(List.of("0 pages", "SIGBUS"), lines.subList(1, 3));
      }
    }
  }

  private static void awaitMoreThan(int count, AtomicInteger reads) throws InterruptedException {
    for (int i = 0; i < 3000 && reads.get() <= count; i++) {
      Thread.sleep(10);
    }
    assertTrue(reads.get() > count, "nothing was read ahead");
  }
}
