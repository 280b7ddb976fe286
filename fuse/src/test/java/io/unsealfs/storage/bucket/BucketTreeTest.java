package io.unsealfs.storage.bucket;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.chunk.ChunkStore;
import io.unsealfs.storage.chunk.FakeStore;
import io.unsealfs.storage.chunk.RetryPolicy;
import io.unsealfs.storage.chunk.Undoubled;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.Fetched;
import io.unsealfs.storage.object.KeyFault;
import io.unsealfs.storage.object.ListDepth;
import io.unsealfs.storage.object.ObjectNotFoundException;
import io.unsealfs.storage.object.ObjectPage;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeSink;
import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreLocation;
import io.unsealfs.storage.object.StoreProtocolException;
import io.unsealfs.storage.object.StoreUnavailableException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Objects below a prefix as a tree (object-storage.md section 4, "Metadata"). */
@Timeout(60)
class BucketTreeTest {
  private final FakeStore fake = new FakeStore();
  private final List<BucketTree> trees = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final List<ChunkStore> stores = new ArrayList<>();

  @AfterEach
  void closeTrees() {
    trees.forEach(BucketTree::close);
  }

  private BucketTree open(String prefix, String... kept) throws IOException {
    Set<String> names = Set.of(kept);
    stores.add(new ChunkStore(fake, Undoubled.SETTINGS));
    BucketTree tree =
        BucketTree.open(
            fake,
            prefix,
            stores.getLast(),
            name -> names.contains(name.toString()),
            RetryPolicy.DEFAULT,
            warnings::add);
    trees.add(tree);
    return tree;
  }

  private static Node walk(BucketTree tree, String... names) throws IOException {
    Node node = tree.root();
    for (String name : names) {
      node = tree.lookup(node, Name.of(name));
    }
    return node;
  }

  private static byte[] content(BucketTree tree, Node node) throws IOException {
    try (Source source = tree.open(node)) {
      ByteBuffer dst = ByteBuffer.allocate((int) source.size());
      source.read(0, dst);
      return dst.array();
    }
  }

  private static Set<String> names(BucketTree tree, Node directory) throws IOException {
    Set<String> names = new TreeSet<>();
    for (DirectoryEntry entry : tree.list(directory)) {
      names.add(entry.name() + (entry.kind() == NodeKind.DIRECTORY ? "/" : ""));
    }
    return names;
  }

  @Test
  void keysBecomeFilesAndDirectories() throws Exception {
    fake.put("m/a", new byte[] {1});
    fake.put("m/d/e/f", new byte[] {2, 3});
    fake.put("m/d/", new byte[0]);
    fake.put("m/empty/", new byte[0]);
    fake.put("other", new byte[] {9});
    BucketTree tree = open("m/");
    assertEquals(Set.of("a", "d/", "empty/"), names(tree, tree.root()));
    assertEquals(Set.of("e/"), names(tree, walk(tree, "d")));
    assertEquals(Set.of(), names(tree, walk(tree, "empty")));
    assertArrayEquals(new byte[] {2, 3}, content(tree, walk(tree, "d", "e", "f")));
    assertEquals("d/e/f", walk(tree, "d", "e", "f").location());
    assertEquals(2, walk(tree, "d", "e", "f").attributes().size());
    assertEquals(0444, walk(tree, "a").attributes().mode());
    assertEquals(0555, walk(tree, "d").attributes().mode());
    assertEquals(1_000_000_000L, walk(tree, "d").attributes().modifiedNanos());
    assertEquals(2, tree.summary().objects());
    assertTrue(warnings.isEmpty(), warnings.toString());
  }

  @Test
  void aNameThatIsNotThereCostsNoRequest() throws Exception {
    fake.put("m/d/f", new byte[] {1});
    BucketTree tree = open("m/");
    int pages = fake.pages.get();
    assertThrows(NoSuchFileException.class, () -> walk(tree, "x"));
    assertThrows(NoSuchFileException.class, () -> walk(tree, "d", "x"));
    assertThrows(NoSuchFileException.class, () -> walk(tree, ".."));
    assertThrows(NotDirectoryException.class, () -> walk(tree, "d", "f", "x"));
    assertThrows(NameTooLongException.class, () -> walk(tree, "x".repeat(256)));
    assertEquals(1, pages);
    assertEquals(pages, fake.pages.get());
    assertEquals(0, fake.requests.size());
  }

  @Test
  void keysWithSpacesSignsAndOtherLettersAreRead() throws Exception {
    List<String> odd =
        List.of("a b", "a+b", "a%20b", "\u00fcn\u00efc\u00f6d\u00e9 \u6a21\u578b", "#?&=;");
    for (String name : odd) {
      fake.put("m/" + name, name.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
    BucketTree tree = open("m/");
    for (String name : odd) {
      assertArrayEquals(
          name.getBytes(java.nio.charset.StandardCharsets.UTF_8), content(tree, walk(tree, name)));
    }
  }

  @Test
  void keysThatCannotBeFilesAreLeftOutAndCounted() throws Exception {
    fake.put("m/good", new byte[] {1});
    fake.put("m//x", new byte[] {1});
    fake.put("m/a/../b", new byte[] {1});
    fake.put("m/both", new byte[] {1});
    fake.put("m/both/below", new byte[] {1});
    BucketTree tree = open("m/");
    assertEquals(Set.of("good", "both/"), names(tree, tree.root()));
    assertEquals(1, tree.summary().skipped().get(KeyFault.EMPTY_NAME));
    assertEquals(1, tree.summary().skipped().get(KeyFault.DOT_NAME));
    assertEquals(1, tree.summary().skipped().get(KeyFault.FILE_AND_DIRECTORY));
    assertEquals(1, warnings.size());
  }

  @Test
  void smallObjectsOfAFormatAreFetchedAtOnceAndKept() throws Exception {
    for (int i = 0; i < 300; i++) {
      fake.put("m/d" + i + "/iv", new byte[] {(byte) i});
      fake.put("m/d" + i + "/data", new byte[100]);
    }
    CountDownLatch two = new CountDownLatch(2);
    fake.fails((request, served, cancellation) -> {
      two.countDown();
      FakeStore.await(two, cancellation);
    });
    BucketTree tree = open("m/", "iv");
    assertEquals(300, tree.summary().kept());
    assertEquals(300, fake.requests.size());
    assertTrue(fake.mostAtATime.get() > 1);
    assertArrayEquals(new byte[] {77}, content(tree, walk(tree, "d77", "iv")));
    assertEquals(300, fake.requests.size());
    // the last request is counted when it ends, a moment after its bytes were taken
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (stores.getLast().figures().indexBytes() != 300 && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertEquals(300, stores.getLast().figures().indexBytes());
    assertEquals(0, stores.getLast().figures().demandBytes());
  }

  @Test
  void whatCannotBeKeptIsLeftToItsFirstUse() throws Exception {
    fake.put("m/iv", new byte[] {1});
    fake.put("m/data", new byte[] {2});
    fake.fails((request, served, cancellation) -> {
      if (request.number() == 1) {
        throw new io.unsealfs.storage.object.StoreDeniedException("403");
      }
    });
    BucketTree tree = open("m/", "iv");
    assertEquals(0, tree.summary().kept());
    assertArrayEquals(new byte[] {2}, content(tree, walk(tree, "data")));
  }

  @Test
  void aPrefixWithNothingBelowItIsRefused() {
    fake.put("other/a", new byte[] {1});
    NoSuchFileException failure = assertThrows(NoSuchFileException.class, () -> open("m/"));
    assertTrue(String.valueOf(failure.getMessage()).contains("models"), failure::toString);
  }

  @Test
  void nodesOfAnotherTreeAndWrongKindsAreRefused() throws Exception {
    fake.put("m/a", new byte[] {1});
    BucketTree tree = open("m/");
    BucketTree other = open("m/");
    assertThrows(IllegalNodeException.class, () -> tree.open(walk(other, "a")));
    assertThrows(IllegalNodeException.class, () -> tree.open(tree.root()));
    assertThrows(IllegalNodeException.class, () -> tree.readLink(walk(tree, "a")));
    assertThrows(
        NoSuchAttributeException.class, () -> tree.xattr(walk(tree, "a"), Name.of("user.x")));
    assertEquals(List.of(), tree.listXattrs(walk(tree, "a")));
  }

  @Test
  void aThousandPagesAreNoLimit() throws Exception {
    for (int i = 0; i < 2500; i++) {
      fake.put("m/f" + i, new byte[0]);
    }
    BucketTree tree = open("m/");
    assertEquals(3, fake.pages.get());
    assertEquals(2500, tree.list(tree.root()).size());
    Set<Long> ids = new HashSet<>();
    for (DirectoryEntry entry : tree.list(tree.root())) {
      assertTrue(ids.add(entry.fileId()));
      assertNotEquals(0, entry.fileId());
    }
  }

  @Test
  void aHundredThousandObjectsTakeLittleMemory() throws Exception {
    BucketIndex index = new BucketIndex("m/", 1_000_000);
    for (int i = 0; i < 100_000; i++) {
      String path = "layer" + i % 1000 + "/tensor-" + i;
      index.object(
          path,
          new ObjectVersion(
              "models/" + path, i, java.util.Optional.of("0123456789abcdef" + i), 5, false));
    }
    fake.put("m/a", new byte[] {1});
    BucketTree tree = open("m/");
    Runtime runtime = Runtime.getRuntime();
    BucketNode root = index.build(tree);
    System.gc();
    long with = runtime.totalMemory() - runtime.freeMemory();
    assertEquals(1000, root.children().length);
    root = new BucketNode(tree, null, Name.of(""), 1, null);
    System.gc();
    long without = runtime.totalMemory() - runtime.freeMemory();
    assertTrue(with - without < 60L << 20, "took " + (with - without) / 100_000 + " bytes each");
    assertEquals(0, root.children().length);
  }

  @Test
  void directoriesCountLikeFiles() throws Exception {
    BucketIndex index = new BucketIndex("models below \"m/\"", 1000);
    ObjectVersion file = new ObjectVersion("m/x", 1, java.util.Optional.of("e"), 5, false);
    index.object("a/".repeat(499) + "x", file);
    index.object("b/".repeat(499) + "x", file);
    assertEquals(2, index.objects());
    StoreProtocolException e =
        assertThrows(StoreProtocolException.class, () -> index.object("c/d/e", file));
    assertTrue(String.valueOf(e.getMessage()).contains("models"), e::getMessage);
  }

  @Test
  void whatIsKeptIsBoundedAltogether() throws Exception {
    byte[] large = new byte[64 << 10];
    for (int i = 0; i < 600; i++) {
      fake.put("m/d" + i + "/iv", large);
    }
    BucketTree tree = open("m/", "iv");
    assertEquals(512, tree.summary().kept());
    assertEquals(512, fake.requests.size());
    // nor does every refresh add to it
    for (int i = 0; i < 100; i++) {
      fake.put("m/a" + i + "/iv", large);
    }
    assertEquals(new BucketTree.Change(200, 0, 0), refresh(tree));
    assertEquals(512, tree.summary().kept());
    assertEquals(512, fake.requests.size());
  }

  @Test
  void aStoreThatGoesAwayAfterTheListingIsNotAskedForAllOfThem() throws Exception {
    for (int i = 0; i < 1000; i++) {
      fake.put("m/d" + i + "/iv", new byte[] {1});
    }
    fake.fails((request, served, cancellation) -> {
      throw new StoreUnavailableException("away", 0);
    });
    BucketTree tree = open("m/", "iv");
    assertEquals(0, tree.summary().kept());
    long asked = fake.requests.stream().map(FakeStore.Request::key).distinct().count();
    assertTrue(asked >= 4 && asked <= 64, "asked for " + asked);
  }

  @Test
  void aRefreshThatIsCancelledWaitsForNoneOfThem() throws Exception {
    fake.put("m/iv", new byte[] {1});
    BucketTree tree = open("m/", "iv");
    for (int i = 0; i < 100; i++) {
      fake.put("m/d" + i + "/iv", new byte[] {1});
    }
    Cancellation mount = new Cancellation();
    CountDownLatch never = new CountDownLatch(1);
    Thread refreshing = Thread.currentThread();
    fake.fails((request, served, cancellation) -> {
      // all of them are ordered by then
      while (refreshing.getState() != Thread.State.TIMED_WAITING && !cancellation.isCancelled()) {
        Thread.onSpinWait();
      }
      mount.cancel();
      FakeStore.await(never, cancellation);
    });
    assertEquals(new BucketTree.Change(200, 0, 0), tree.refresh(mount));
    assertEquals(1, tree.summary().kept());
  }

  @Test
  void aStoreWithoutEntityTagsIsToldOfOnce() throws Exception {
    fake.put("m/a", new byte[] {1});
    fake.put("m/b", new byte[] {1});
    ObjectStore untagged = new Untagged(fake);
    try (BucketTree tree =
        BucketTree.open(
            untagged,
            "m/",
            new ChunkStore(untagged, Undoubled.SETTINGS),
            name -> false,
            RetryPolicy.DEFAULT,
            warnings::add)) {
      assertEquals(1, warnings.size());
      assertTrue(warnings.getFirst().contains("2 objects are without an ETag"), warnings::toString);
      fake.put("m/c", new byte[] {1});
      assertEquals(new BucketTree.Change(1, 0, 0), refresh(tree));
      assertEquals(1, warnings.size());
    }
  }

  /** What is there, and no entity tags of it. */
  private record Untagged(FakeStore fake) implements ObjectStore {
    private static ObjectVersion bare(ObjectVersion version) {
      return new ObjectVersion(
          version.key(), version.size(), java.util.Optional.empty(), 1000, version.archived());
    }

    @Override
    public StoreLocation location() {
      return fake.location();
    }

    @Override
    public ObjectPage list(
        String prefix,
        ListDepth depth,
        java.util.Optional<String> continuation,
        Cancellation cancellation)
        throws IOException {
      ObjectPage page = fake.list(prefix, depth, continuation, cancellation);
      return new ObjectPage(
          page.objects().stream().map(Untagged::bare).toList(),
          page.prefixes(),
          page.unreadableKeys(),
          page.continuation());
    }

    @Override
    public ObjectVersion head(String key, Cancellation cancellation) {
      return bare(fake.head(key, cancellation));
    }

    @Override
    public Fetched get(
        ObjectVersion version, long offset, long length, RangeSink sink, Cancellation cancellation)
        throws IOException {
      return fake.get(fake.version(version.key()), offset, length, sink, cancellation);
    }

    @Override
    public void close() {}
  }

  private BucketTree.Change refresh(BucketTree tree) throws IOException {
    return tree.refresh(Cancellation.none());
  }

  @Test
  void aRefreshShowsWhatIsThereNow() throws Exception {
    fake.put("m/same", new byte[] {1});
    fake.put("m/d/replaced", new byte[] {2});
    fake.put("m/gone/f", new byte[] {3});
    BucketTree tree = open("m/");
    Node root = tree.root();
    Node directory = walk(tree, "d");
    Node gone = walk(tree, "gone");
    Node replaced = walk(tree, "d", "replaced");
    long same = walk(tree, "same").attributes().fileId();
    fake.put("m/d/replaced", new byte[] {4, 5});
    fake.remove("m/gone/f");
    fake.put("m/d/new", new byte[] {6});
    assertThrows(NoSuchFileException.class, () -> tree.lookup(directory, Name.of("new")));

    assertEquals(new BucketTree.Change(1, 1, 1), refresh(tree));
    assertEquals(1, tree.generation());
    assertEquals(same, walk(tree, "same").attributes().fileId());
    assertEquals(directory.attributes().fileId(), walk(tree, "d").attributes().fileId());
    assertNotEquals(
        replaced.attributes().fileId(), walk(tree, "d", "replaced").attributes().fileId());
    // nodes from before stand for what is in their place
    assertEquals(Set.of("same", "d/"), names(tree, root));
    assertEquals(Set.of("replaced", "new"), names(tree, directory));
    assertArrayEquals(new byte[] {6}, content(tree, tree.lookup(directory, Name.of("new"))));
    assertArrayEquals(new byte[] {4, 5}, content(tree, walk(tree, "d", "replaced")));
    assertThrows(NoSuchFileException.class, () -> tree.list(gone));
    assertThrows(StaleSourceException.class, () -> tree.open(replaced));
  }

  @Test
  void aRefreshThatFindsNothingNewChangesNothing() throws Exception {
    fake.put("m/d/f", new byte[] {1});
    BucketTree tree = open("m/");
    Node file = walk(tree, "d", "f");
    assertTrue(refresh(tree).isNone());
    assertEquals(0, tree.generation());
    assertArrayEquals(new byte[] {1}, content(tree, file));
  }

  @Test
  void whatIsOpenStaysItsVersionAndIdsAreNeverUsedTwice() throws Exception {
    fake.put("m/f", new byte[] {1, 2});
    BucketTree tree = open("m/");
    Set<Long> ids = new HashSet<>();
    assertTrue(ids.add(walk(tree, "f").attributes().fileId()));
    try (Source open = tree.open(walk(tree, "f"))) {
      ByteBuffer dst = ByteBuffer.allocate(2);
      open.read(0, dst);
      for (byte i = 3; i < 6; i++) {
        fake.put("m/f", new byte[] {i});
        assertEquals(new BucketTree.Change(0, 0, 1), refresh(tree));
        assertTrue(ids.add(walk(tree, "f").attributes().fileId()));
      }
      assertEquals(2, open.size());
      assertEquals(2, open.read(0, dst.clear()));
      assertArrayEquals(new byte[] {1, 2}, dst.array());
    }
  }

  @Test
  void aStaleObjectOpensAgainAfterARefresh() throws Exception {
    fake.put("m/f", new byte[] {1});
    fake.put("m/other", new byte[] {1});
    BucketTree tree = open("m/");
    fake.put("m/f", new byte[] {2});
    assertThrows(StaleSourceException.class, () -> content(tree, walk(tree, "f")));
    assertThrows(StaleSourceException.class, () -> tree.open(walk(tree, "f")));
    refresh(tree);
    assertArrayEquals(new byte[] {2}, content(tree, walk(tree, "f")));
  }

  @Test
  void anObjectThatWasGoneForAMomentOpensAgainAfterARefresh() throws Exception {
    fake.put("m/f", new byte[] {1});
    BucketTree tree = open("m/");
    AtomicBoolean away = new AtomicBoolean(true);
    fake.fails((request, served, cancellation) -> {
      if (away.get()) {
        throw new ObjectNotFoundException("404");
      }
    });
    assertThrows(StaleSourceException.class, () -> content(tree, walk(tree, "f")));
    away.set(false);
    assertThrows(StaleSourceException.class, () -> tree.open(walk(tree, "f")));
    assertTrue(refresh(tree).isNone());
    assertArrayEquals(new byte[] {1}, content(tree, walk(tree, "f")));
  }

  @Test
  void aFailedOrEmptyListingLeavesTheTreeAsItIs() throws Exception {
    fake.put("m/f", new byte[] {1});
    BucketTree tree = open("m/");
    fake.put("m/new", new byte[] {1});
    fake.failsLists((page, prefix, depth, cancellation) -> {
      throw new StoreDeniedException("403");
    });
    assertThrows(StoreDeniedException.class, () -> refresh(tree));
    fake.failsLists((page, prefix, depth, cancellation) -> {});
    assertEquals(Set.of("f"), names(tree, tree.root()));
    fake.remove("m/new");
    fake.remove("m/f");
    assertThrows(NoSuchFileException.class, () -> refresh(tree));
    assertEquals(Set.of("f"), names(tree, tree.root()));
  }

  @Test
  void whatIsKeptIsFetchedAgainOnlyWhereItChanged() throws Exception {
    for (int i = 0; i < 20; i++) {
      fake.put("m/d" + i + "/iv", new byte[] {(byte) i});
    }
    BucketTree tree = open("m/", "iv");
    assertEquals(20, fake.requests.size());
    fake.put("m/d3/iv", new byte[] {99});
    refresh(tree);
    assertEquals(21, fake.requests.size());
    assertEquals(20, tree.summary().kept());
    assertArrayEquals(new byte[] {99}, content(tree, walk(tree, "d3", "iv")));
    assertArrayEquals(new byte[] {4}, content(tree, walk(tree, "d4", "iv")));
    assertEquals(21, fake.requests.size());
  }

  @Test
  void aFileThatBecameADirectoryIsAnotherNode() throws Exception {
    fake.put("m/x", new byte[] {1});
    fake.put("m/y", new byte[] {1});
    BucketTree tree = open("m/");
    Node file = walk(tree, "x");
    fake.remove("m/x");
    fake.put("m/x/f", new byte[] {2});
    refresh(tree);
    assertNotEquals(file.attributes().fileId(), walk(tree, "x").attributes().fileId());
    assertThrows(StaleSourceException.class, () -> tree.open(file));
    Node directory = walk(tree, "x");
    fake.remove("m/x/f");
    fake.put("m/x", new byte[] {1});
    refresh(tree);
    assertThrows(NotDirectoryException.class, () -> tree.list(directory));
  }
}
