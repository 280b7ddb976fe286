package io.unsealfs.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.block.Preload.End;
import io.unsealfs.block.Preload.Progress;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StorageException;
import io.unsealfs.trees.MemoryTree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PreloadTest {
  private static final int EXTENT = 64 << 10;
  private static final int SIZE = 4 * EXTENT;
  private static final ToyCipher CIPHER = new ToyCipher(new BlockLayout(18, 4096, 32));

  private final BlockCache cache = new BlockCache(20 * EXTENT, EXTENT);
  private final AtomicInteger reads = new AtomicInteger();
  private MemoryTree.Hook hook = (offset, length) -> {};
  private final DecryptingTree tree =
      new DecryptingTree(
          new MemoryTree(
              MemoryTree.directory(1)
                  .add(Name.of("b.bin"), file(2))
                  .add(Name.of("a.bin"), file(3))
                  .add(Name.of("text"), file(4))
                  .add(Name.of("deep"), MemoryTree.directory(5).add(Name.of("c.bin"), file(6)))));

  /** The plaintext of a tree of such files. */
  private final class DecryptingTree implements FileTree {
    private final MemoryTree stored;

    DecryptingTree(MemoryTree stored) {
      this.stored = stored;
    }

    @Override
    public Node root() {
      return stored.root();
    }

    @Override
    public Node lookup(Node directory, Name name) throws IOException {
      return stored.lookup(directory, name);
    }

    @Override
    public List<DirectoryEntry> list(Node directory) throws IOException {
      return stored.list(directory);
    }

    @Override
    public Source open(Node file) {
      long id = file.attributes().fileId();
      return new DecryptingSource(stored.open(file), CIPHER, SIZE, id, "f" + id, cache);
    }

    @Override
    public Name readLink(Node link) throws IOException {
      return stored.readLink(link);
    }

    @Override
    public List<Name> listXattrs(Node node) throws IOException {
      return stored.listXattrs(node);
    }

    @Override
    public byte[] xattr(Node node, Name name) throws IOException {
      return stored.xattr(node, name);
    }

    @Override
    public Statistics statistics() throws IOException {
      return stored.statistics();
    }

    @Override
    public void close() {}
  }

  private MemoryTree.Item file(long id) {
    return MemoryTree.file(id, CIPHER.encrypt(ToyCipher.plaintext(id, SIZE)))
        .onRead((offset, length) -> {
          reads.incrementAndGet();
          hook.reading(offset, length);
        });
  }

  /** What the listener was told at the end. */
  private record Outcome(Progress progress, End end, @Nullable Throwable failure) {}

  private static final class Recording implements Preload.Listener {
    final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    final AtomicInteger calls = new AtomicInteger();

    @Override
    public void loaded(Progress progress) {
      calls.incrementAndGet();
    }

    @Override
    public void finished(Progress progress, End end, @Nullable Throwable failure) {
      outcome.complete(new Outcome(progress, end, failure));
    }
  }

  private final Recording listener = new Recording();

  private Outcome run(Predicate<String> wanted, long budget) throws Exception {
    try (Preload preload = Preload.start(cache, tree, wanted, budget, listener)) {
      Outcome outcome = listener.outcome.get();
      assertNull(outcome.failure());
      assertTrue(preload != null);
      return outcome;
    }
  }

  @AfterEach
  void close() {
    cache.close();
  }

  private void read(Name name) throws IOException {
    Node node = tree.lookup(tree.root(), name);
    try (Source source = tree.open(node)) {
      ByteBuffer dst = ByteBuffer.allocate(SIZE);
      assertEquals(SIZE, source.read(0, dst));
      assertArrayEquals(ToyCipher.plaintext(node.attributes().fileId(), SIZE), dst.array());
    }
  }

  @Test
  void chosenFilesWaitForTheirReaderAndAreDroppedWhenRead() throws Exception {
    Outcome outcome = run(path -> path.endsWith(".bin"), Long.MAX_VALUE);
    assertEquals(new Outcome(new Progress(3, 0, 3L * SIZE), End.COMPLETE, null), outcome);
    assertEquals(3, listener.calls.get());
    assertEquals(3L * SIZE, cache.figures().preloadedBytes());
    int before = reads.get();
    read(Name.of("a.bin"));
    read(Name.of("b.bin"));
    assertEquals(before, reads.get(), "nothing was read again");
    assertEquals(SIZE, cache.figures().preloadedBytes());
    assertEquals(SIZE, cache.figures().bytesHeld());
    assertEquals(0, cache.figures().wastedReadAhead());
  }

  @Test
  void theBudgetEndsItAndTheOrderIsThatOfNames() throws Exception {
    Outcome outcome = run(path -> true, SIZE + EXTENT);
    assertSame(End.FULL, outcome.end());
    assertEquals(new Progress(1, 0, SIZE + EXTENT), outcome.progress());
    assertTrue(cache.contains(new BlockKey(3, 3)), "a.bin");
    assertTrue(cache.contains(new BlockKey(2, 0)), "the beginning of b.bin");
  }

  @Test
  void whatReadersBroughtIsNeverDroppedForIt() throws Exception {
    try (Source source = tree.open(tree.lookup(tree.root(), Name.of("text")))) {
      for (int extent = 0; extent < 4; extent++) {
        source.read(extent * EXTENT + 1, ByteBuffer.allocate(10));
      }
    }
    cache.resize(6 * EXTENT);
    Outcome outcome = run(path -> true, Long.MAX_VALUE);
    assertSame(End.FULL, outcome.end());
    assertEquals(2L * EXTENT, outcome.progress().plaintextBytes());
    assertEquals(0, cache.figures().evictions());
  }

  @Test
  void aFileThatCannotBeReadIsCountedAndTheOthersAreLoaded() throws Exception {
    AtomicInteger failing = new AtomicInteger();
    hook =
        (offset, length) -> {
          if (failing.getAndIncrement() == 0) {
            throw new StorageException("gone");
          }
        };
    Outcome outcome = run(path -> true, Long.MAX_VALUE);
    assertEquals(new Progress(3, 1, 3L * SIZE), outcome.progress());
    assertSame(End.COMPLETE, outcome.end());
  }

  @Test
  void closingStopsItAndLeavesTheTreeAlone() throws Exception {
    CountDownLatch loading = new CountDownLatch(1);
    CountDownLatch mayGoOn = new CountDownLatch(1);
    hook =
        (offset, length) -> {
          loading.countDown();
          try {
            mayGoOn.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
        };
    Thread closer;
    try (Preload preload = Preload.start(cache, tree, path -> true, Long.MAX_VALUE, listener)) {
      loading.await();
      closer = Thread.ofPlatform().start(preload::close);
      while (closer.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      mayGoOn.countDown();
      closer.join();
    }
    assertSame(End.STOPPED, listener.outcome.get().end());
    assertEquals(1, reads.get());
    assertEquals(EXTENT, cache.figures().preloadedBytes(), "what was loaded stays");
  }
}
