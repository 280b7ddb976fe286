package io.unsealfs.storage.manifest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.bucket.BucketTree;
import io.unsealfs.storage.chunk.ChunkStore;
import io.unsealfs.storage.chunk.FakeStore;
import io.unsealfs.storage.chunk.RetryPolicy;
import io.unsealfs.storage.chunk.Undoubled;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.ObjectUri;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A bucket shown as a manifest says. */
@Timeout(60)
class ManifestTreeTest {
  private static final byte[] A = FakeStore.bytes(1_000_000, 1);
  private static final byte[] B = FakeStore.bytes(300_000, 2);
  private static final byte[] SMALL = FakeStore.bytes(1000, 3);

  @TempDir Path volume;
  private final FakeStore fake = new FakeStore();
  private ManifestStore store;
  private BucketTree tree;

  @BeforeEach
  void open() throws Exception {
    Files.write(volume.resolve("a"), A);
    Files.createDirectory(volume.resolve("d"));
    Files.write(volume.resolve("d/b"), B);
    Files.write(volume.resolve("small"), SMALL);
    fake.put("m/a", A);
    fake.put("m/d/b", B);
    fake.put("m/small", SMALL);
    store = new ManifestStore(fake, ObjectUri.parse("s3://models/m"), manifest());
    tree =
        BucketTree.open(
            store,
            "m/",
            new ChunkStore(store, Undoubled.SETTINGS, store),
            name -> name.equals(Name.of("b")),
            RetryPolicy.DEFAULT,
            warning -> {
              throw new AssertionError(warning);
            });
  }

  @AfterEach
  void close() {
    tree.close();
  }

  private Manifest manifest() throws IOException {
    try (ManifestMaker maker = new ManifestMaker(bytes -> {});
        FileTree local = LocalTree.open(volume);
        ManifestKey key = ManifestKey.derive(new byte[32])) {
      maker.add(local);
      return Manifest.parse(maker.finish(1, key));
    }
  }

  private byte[] content(String... path) throws IOException {
    var node = tree.root();
    for (String name : path) {
      node = tree.lookup(node, Name.of(name));
    }
    try (Source source = tree.open(node)) {
      ByteBuffer dst = ByteBuffer.allocate((int) source.size());
      source.read(0, dst);
      return dst.array();
    }
  }

  @Test
  void itIsShownWithoutListing() throws Exception {
    assertArrayEquals(A, content("a"));
    assertArrayEquals(B, content("d", "b"));
    assertEquals(0, fake.pages.get());
  }

  @Test
  void aNameThatWasAddedDoesNotExist() throws Exception {
    fake.put("m/new", A);
    int asked = fake.requests.size();
    assertThrows(NoSuchFileException.class, () -> content("new"));
    BucketTree.Change change = tree.refresh(Cancellation.none());
    assertTrue(change.isNone());
    assertThrows(NoSuchFileException.class, () -> content("new"));
    assertEquals(asked, fake.requests.size());
  }

  @Test
  void anObjectThatWasDeletedIsStaleUntilItIsBack() throws Exception {
    fake.remove("m/small");
    assertThrows(StaleSourceException.class, () -> content("small"));
    fake.put("m/small", SMALL);
    tree.refresh(Cancellation.none());
    assertArrayEquals(SMALL, content("small"));
  }

  @Test
  void oldContentOfTheSameSizeIsAnError() throws Exception {
    fake.put("m/a", FakeStore.bytes(A.length, 99));
    assertThrows(IntegrityException.class, () -> content("a"));
    assertArrayEquals(B, content("d", "b"));
  }

  @Test
  void aNewManifestShowsWhatIsNew() throws Exception {
    assertArrayEquals(A, content("a"));
    byte[] next = FakeStore.bytes(A.length, 99);
    Files.write(volume.resolve("a"), next);
    Files.write(volume.resolve("c"), B);
    Files.delete(volume.resolve("d/b"));
    fake.put("m/a", next);
    fake.put("m/c", B);
    store.show(manifest());
    BucketTree.Change change = tree.refresh(Cancellation.none());
    // the empty directory is still there
    assertEquals(new BucketTree.Change(1, 1, 1), change);
    assertArrayEquals(next, content("a"));
    assertArrayEquals(B, content("c"));
    assertThrows(NoSuchFileException.class, () -> content("d", "b"));
    assertEquals(List.of(), tree.list(tree.lookup(tree.root(), Name.of("d"))));
  }
}
