package io.unsealfs.volume.gocryptfs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.block.BlockCache;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.bucket.BucketTree;
import io.unsealfs.storage.bucket.SharedTree;
import io.unsealfs.storage.chunk.ChunkStore;
import io.unsealfs.storage.chunk.FakeStore;
import io.unsealfs.storage.chunk.RetryPolicy;
import io.unsealfs.storage.chunk.Undoubled;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The shared volumes, uploaded file by file: a bucket shows what a directory shows. */
@Timeout(240)
class BucketVolumeTest {
  private static final String PREFIX = "models/";

  @TempDir Path directory;

  @Test
  void volumesInABucketShowWhatVolumesInADirectoryShow() throws Exception {
    int files = 0;
    for (VectorVolume vector : VectorVolume.all()) {
      Path unpacked = vector.unpack(directory.resolve(vector + " unpacked"));
      FakeStore fake = new FakeStore();
      try (FileTree stored = LocalTree.open(unpacked)) {
        upload(stored, stored.root(), PREFIX, fake);
      }
      try (Volume local = vector.openWithMasterKey(unpacked);
          Volume remote = open(fake, vector)) {
        files += compare(local.tree(), local.tree().root(), remote.tree(), remote.tree().root());
        int asked = fake.requests.size();
        assertThrows(
            NoSuchFileException.class,
            () -> remote.tree().lookup(remote.tree().root(), Name.of("no such name")));
        assertEquals(asked, fake.requests.size(), vector.toString());
        assertEquals(1, fake.pages.get());
      }
    }
    assertTrue(files > 50, files + " files");
  }

  private static Volume open(FakeStore fake, VectorVolume vector) throws IOException {
    try (SharedTree shared =
        new SharedTree(
            BucketTree.open(
                fake,
                PREFIX,
                new ChunkStore(fake, Undoubled.SETTINGS),
                GocryptfsFormat::isIndex,
                RetryPolicy.DEFAULT,
                warning -> {}))) {
      GocryptfsFormat format = new GocryptfsFormat();
      try (FileTree looked = shared.hold()) {
        assertTrue(format.probe(looked));
      }
      return format.open(
          shared.hold(),
          VectorVolume.raw(vector.masterKey()),
          new VolumeContext(
              new BlockCache(8 << 20, 128 << 10), VectorVolume.LIMITS, warning -> {}));
    }
  }

  private static boolean isText(Name name) {
    byte[] bytes = name.toBytes();
    return Arrays.equals(
        new String(bytes, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8), bytes);
  }

  private static void upload(FileTree tree, Node node, String key, FakeStore fake)
      throws IOException {
    for (DirectoryEntry entry : tree.list(node)) {
      if (!isText(entry.name())) {
        continue;
      }
      Node child = tree.lookup(node, entry.name());
      String childKey = key + new String(entry.name().toBytes(), StandardCharsets.UTF_8);
      if (entry.kind() == NodeKind.DIRECTORY) {
        fake.put(childKey + "/", new byte[0]);
        upload(tree, child, childKey + "/", fake);
      } else if (entry.kind() == NodeKind.FILE) {
        fake.put(childKey, VectorVolume.read(tree, child));
      }
    }
  }

  private static int compare(FileTree local, Node here, FileTree remote, Node there)
      throws IOException {
    int files = 0;
    List<DirectoryEntry> entries = local.list(here);
    for (DirectoryEntry entry : entries) {
      boolean kept = entry.kind() == NodeKind.FILE || entry.kind() == NodeKind.DIRECTORY;
      if (!kept || !isText(entry.name())) {
        continue;
      }
      Node mine = local.lookup(here, entry.name());
      Node theirs = remote.lookup(there, entry.name());
      if (entry.kind() == NodeKind.DIRECTORY) {
        files += compare(local, mine, remote, theirs);
      } else {
        assertEquals(mine.attributes().size(), theirs.attributes().size(), mine.location());
        assertArrayEquals(read(local, mine), read(remote, theirs), mine.location());
        files++;
      }
    }
    return files;
  }

  /** The bytes, or what the error says: some of the volumes are damaged on purpose. */
  private static byte[] read(FileTree tree, Node node) throws IOException {
    try (Source source = tree.open(node)) {
      byte[] bytes = new byte[Math.toIntExact(source.size())];
      source.read(0, ByteBuffer.wrap(bytes));
      return bytes;
    } catch (io.unsealfs.block.IntegrityException e) {
      return String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8);
    }
  }
}
