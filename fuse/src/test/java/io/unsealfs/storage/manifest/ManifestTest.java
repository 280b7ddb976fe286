package io.unsealfs.storage.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.chunk.ContentPin;
import io.unsealfs.storage.chunk.FakeStore;
import io.unsealfs.storage.local.LocalFile;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.storage.object.ObjectVersion;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The file that says what ciphertext is. */
class ManifestTest {
  private static final int CHUNK = ContentPin.CHUNK_BYTES;
  private static final long MADE = 1_900_000_000;

  @TempDir Path directory;

  private static ManifestKey key(int number) {
    return ManifestKey.derive(FakeStore.bytes(32, number));
  }

  private Path volume() throws Exception {
    Path volume = Files.createDirectories(directory.resolve("volume"));
    Files.createDirectories(volume.resolve("d/e"));
    Files.createDirectories(volume.resolve("empty"));
    Files.write(volume.resolve("a"), new byte[0]);
    Files.write(volume.resolve("d/e/large"), FakeStore.bytes(40 * CHUNK + 5, 1));
    Files.write(volume.resolve("d.x"), FakeStore.bytes(CHUNK, 2));
    Files.write(volume.resolve("größe"), FakeStore.bytes(1, 3));
    Files.createSymbolicLink(volume.resolve("link"), Path.of("a"));
    return volume;
  }

  private static byte[] manifestOf(Path source) throws Exception {
    AtomicLong read = new AtomicLong();
    try (ManifestMaker maker = new ManifestMaker(read::addAndGet);
        ManifestKey key = key(1)) {
      if (Files.isDirectory(source)) {
        try (FileTree tree = LocalTree.open(source)) {
          maker.add(tree);
        }
      } else {
        maker.add(LocalFile.open(source));
      }
      assertEquals(maker.bytes(), read.get());
      return maker.finish(MADE, key);
    }
  }

  @Test
  void whatIsInADirectoryIsInItsManifest() throws Exception {
    Manifest manifest = Manifest.parse(manifestOf(volume()));
    assertEquals(MADE, manifest.createdSeconds());
    assertFalse(manifest.isImage());
    assertEquals(
        List.of("a", "d.x", "d/e/large", "empty/", "größe"),
        List.copyOf(manifest.entries().keySet()));
    ManifestEntry large = manifest.find("d/e/large").orElseThrow();
    byte[] bytes = FakeStore.bytes(40 * CHUNK + 5, 1);
    for (int chunk = 0; chunk <= 40; chunk++) {
      byte[] piece =
          Arrays.copyOfRange(bytes, chunk * CHUNK, Math.min(bytes.length, (chunk + 1) * CHUNK));
      assertTrue(large.matches(chunk, ByteBuffer.wrap(piece)), "chunk " + chunk);
      assertFalse(large.matches(chunk, ByteBuffer.wrap(piece, 0, piece.length - 1)));
      piece[piece.length / 2] ^= 1;
      assertFalse(large.matches(chunk, ByteBuffer.wrap(piece)));
    }
    assertFalse(large.matches(41, ByteBuffer.allocate(0)));
    ObjectVersion version = large.version("p/d/e/large");
    assertEquals(bytes.length, version.size());
    assertEquals(
        Files.getLastModifiedTime(directory.resolve("volume/d/e/large")).toMillis(),
        version.modifiedMillis());
  }

  @Test
  void anImageIsOneObjectWithoutAName() throws Exception {
    Path image = directory.resolve("image");
    Files.write(image, FakeStore.bytes(3 * CHUNK, 1));
    Manifest manifest = Manifest.parse(manifestOf(image));
    assertTrue(manifest.isImage());
    assertEquals(1, manifest.objects());
  }

  @Test
  void theSameBytesHaveTheSameTagAndOthersAnother() throws Exception {
    Path image = directory.resolve("image");
    Files.write(image, FakeStore.bytes(3 * CHUNK, 1));
    String tag = Manifest.parse(manifestOf(image)).find("").orElseThrow().tag();
    assertEquals(tag, Manifest.parse(manifestOf(image)).find("").orElseThrow().tag());
    Files.write(image, FakeStore.bytes(3 * CHUNK, 2));
    assertFalse(tag.equals(Manifest.parse(manifestOf(image)).find("").orElseThrow().tag()));
  }

  @Test
  void onlyTheVolumesOwnKeySeals() throws Exception {
    byte[] file = manifestOf(volume());
    try (ManifestKey right = key(1);
        ManifestKey wrong = key(2)) {
      assertTrue(Manifest.parse(file).isSealedBy(right));
      assertFalse(Manifest.parse(file).isSealedBy(wrong));
    }
  }

  @Test
  void everyTruncationIsRefused() throws Exception {
    byte[] file = manifestOf(volume());
    for (int length = 0; length < file.length; length++) {
      byte[] cut = Arrays.copyOf(file, length);
      assertThrows(ManifestException.class, () -> Manifest.parse(cut), "at " + length);
    }
    byte[] longer = Arrays.copyOf(file, file.length + 1);
    assertThrows(ManifestException.class, () -> Manifest.parse(longer));
  }

  @Test
  void everyFlippedBitIsRefusedOrBreaksTheSeal() throws Exception {
    byte[] file = manifestOf(volume());
    int sealed = 0;
    try (ManifestKey key = key(1)) {
      for (int bit = 0; bit < 8 * file.length; bit++) {
        byte[] changed = file.clone();
        changed[bit / 8] ^= (byte) (1 << bit % 8);
        try {
          assertFalse(Manifest.parse(changed).isSealedBy(key), "bit " + bit);
          sealed++;
        } catch (ManifestException e) {
          // refused for its form
          assertTrue(String.valueOf(e.getMessage()).startsWith("no manifest"), e::getMessage);
        }
      }
    }
    assertTrue(sealed > 8 * 42 * Digests.SIZE, "digests have no form: " + sealed);
  }

  /** A manifest with these words in place of the right ones. */
  private static byte[] hostile(long size, int count, String... names) {
    ByteBuffer out = ByteBuffer.allocate(100_000);
    out.put(Manifest.MAGIC).putLong(MADE).putInt(CHUNK).putInt(count);
    for (String name : names) {
      byte[] bytes = name.getBytes(StandardCharsets.ISO_8859_1);
      out.putShort((short) bytes.length).put(bytes).putLong(size).putLong(0);
    }
    return Arrays.copyOf(out.array(), out.position() + ManifestKey.SEAL_SIZE);
  }

  private static void assertRefused(byte[] manifest, String why) {
    ManifestException e =
        assertThrows(ManifestException.class, () -> Manifest.parse(manifest), why);
    assertTrue(String.valueOf(e.getMessage()).contains(why), e::getMessage);
  }

  @Test
  void hostileCountsAndSizesCostNothing() throws Exception {
    assertEquals(2, Manifest.parse(hostile(0, 2, "a", "b")).objects());
    for (int count : new int[] {0, -1, 3, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      assertRefused(hostile(0, count, "a", "b"), "cannot hold");
    }
    assertRefused(hostile(0, 1, "a", "b"), "longer than its objects");
    assertRefused(hostile(-1, 1, "a"), "has -1 bytes");
    assertRefused(hostile(Long.MAX_VALUE, 1, "a"), "cut short");
    assertRefused(hostile(1, 1, "a"), "cut short");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a//b", "..", "a/../b", "a\0b", "/a", "a/."})
  void namesThatCanBeNoFilesAreRefused(String name) {
    assertRefused(hostile(0, 1, name), "can be no file");
  }

  @Test
  void namesAreTextInOrderAndNoLongerThanKeys() {
    assertRefused(hostile(0, 1, "\u00ff"), "no UTF-8");
    assertRefused(hostile(0, 2, "b", "a"), "not in order");
    assertRefused(hostile(0, 2, "a", "a"), "not in order");
    assertRefused(hostile(0, 2, "", "a"), "a name of it has 0 bytes");
    assertRefused(hostile(0, 1, "a".repeat(1025)), "a name of it has 1025 bytes");
    assertRefused(hostile(0, 1, "a".repeat(256)), "can be no file");
    assertRefused(hostile(1, 1, "a/"), "has 1 bytes");
  }
}
