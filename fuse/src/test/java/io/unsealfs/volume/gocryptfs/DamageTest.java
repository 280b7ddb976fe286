package io.unsealfs.volume.gocryptfs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.block.BlockLayout;
import io.unsealfs.block.IntegrityException;
import io.unsealfs.crypto.Eme;
import io.unsealfs.crypto.Hkdf;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.Source;
import io.unsealfs.volume.Volume;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damage is an error for exactly what it touches, and never wrong plaintext. */
class DamageTest {
  @TempDir Path temp;

  /** One small volume per cipher. */
  @ParameterizedTest
  @ValueSource(
      strings = {"default-scrypt16", "aessiv-deterministic-names", "xchacha-plaintextnames"})
  void every_changed_byte_of_header_and_first_block_is_noticed(String name) throws Exception {
    VectorVolume vector = VectorVolume.named(name);
    Path directory = vector.unpack(temp);
    byte[] plaintext = VectorContent.of(VectorContent.VOLUMES, "hello.bin", 5000);
    Path stored = storedPath(vector, directory, "hello.bin");
    byte[] good = Files.readAllBytes(stored);
    BlockLayout layout = ContentLayout.of(name.startsWith("xchacha") ? 24 : 16);
    assertEquals(good.length, ContentLayout.ciphertextSize(layout, 5000));
    long blockStart = layout.ciphertextOffset(0);
    long blockEnd = layout.ciphertextOffset(1);
    for (int at = 0; at < blockEnd; at++) {
      boolean inside = at > blockStart + 48 && at < blockEnd - 48;
      if (inside && at % 13 != 0) {
        continue; // ciphertext bytes are all alike: every 13th, and all of nonce, SIV and tag
      }
      byte[] bad = good.clone();
      bad[at] ^= (byte) (1 << (at % 8));
      Files.write(stored, bad);
      try (Volume volume = vector.openWithMasterKey(directory)) {
        FileTree tree = volume.tree();
        Node file = VectorVolume.walk(tree, "hello.bin");
        assertEquals(5000, file.attributes().size());
        int position = at;
        try (Source source = tree.open(file)) {
          byte[] first = new byte[4096];
          assertThrows(
              IntegrityException.class,
              () -> source.read(0, ByteBuffer.wrap(first)),
              () -> "byte " + position);
          assertArrayEquals(new byte[4096], first);
          if (at >= FileHeader.SIZE) {
            byte[] second = new byte[904];
            assertEquals(904, source.read(4096, ByteBuffer.wrap(second)));
            assertArrayEquals(Arrays.copyOfRange(plaintext, 4096, 5000), second);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"aessiv", "xchacha", "longnamemax100"})
  void a_damaged_block_is_an_error_for_exactly_its_bytes(String name) throws Exception {
    VectorVolume vector = VectorVolume.named(name);
    Path directory = vector.unpack(temp);
    String path = "big/128KiB-plus-1.bin";
    byte[] plaintext = VectorContent.of(VectorContent.VOLUMES, path, 131073);
    Path stored = storedPath(vector, directory, path);
    BlockLayout layout = ContentLayout.of(vector.flags().contains("XChaCha20Poly1305") ? 24 : 16);
    int damagedBlock = 5;
    flip(stored, layout.ciphertextOffset(damagedBlock) + 100);
    try (Volume volume = vector.openWithMasterKey(directory);
        Source source = volume.tree().open(VectorVolume.walk(volume.tree(), path))) {
      for (int block = 0; block <= 32; block++) {
        byte[] bytes = new byte[block == 32 ? 1 : 4096];
        if (block == damagedBlock) {
          for (int offset : new int[] {0, 1, 4095}) {
            var e =
                assertThrows(
                    IntegrityException.class,
                    () -> source.read(5 * 4096L + offset, ByteBuffer.allocate(1)));
            assertEquals(layout.ciphertextOffset(damagedBlock), e.ciphertextOffset());
            assertEquals(directory.relativize(stored).toString(), e.location());
          }
        } else {
          assertEquals(bytes.length, source.read(block * 4096L, ByteBuffer.wrap(bytes)));
          assertArrayEquals(
              Arrays.copyOfRange(plaintext, block * 4096, block * 4096 + bytes.length), bytes);
        }
      }
      assertThrows(
          IntegrityException.class, () -> source.read(4 * 4096L, ByteBuffer.allocate(4097)));
    }
  }

  @Test
  void moved_foreign_and_half_empty_blocks_are_errors_and_zero_blocks_are_holes() throws Exception {
    VectorVolume vector = VectorVolume.named("longnamemax100");
    Path directory = vector.unpack(temp);
    String path = "big/128KiB-plus-1.bin";
    Path stored = storedPath(vector, directory, path);
    byte[] good = Files.readAllBytes(stored);
    byte[] bad = good.clone();
    BlockLayout layout = ContentLayout.of(16);
    int size = layout.ciphertextBlockSize();
    // 0 and 1 change places; 2 becomes a hole; 3 loses its nonce; 4 keeps one byte
    System.arraycopy(good, at(layout, 1), bad, at(layout, 0), size);
    System.arraycopy(good, at(layout, 0), bad, at(layout, 1), size);
    Arrays.fill(bad, at(layout, 2), at(layout, 3), (byte) 0);
    Arrays.fill(bad, at(layout, 3), at(layout, 3) + 16, (byte) 0);
    Arrays.fill(bad, at(layout, 4), at(layout, 5) - 1, (byte) 0);
    bad[at(layout, 5) - 1] = 1;
    // the short last block becomes zeros, which is no hole
    Arrays.fill(bad, at(layout, 32), bad.length, (byte) 0);
    Files.write(stored, bad);
    try (Volume volume = vector.openWithMasterKey(directory);
        Source source = volume.tree().open(VectorVolume.walk(volume.tree(), path))) {
      for (long block : new long[] {0, 1, 3, 4, 32}) {
        assertThrows(
            IntegrityException.class,
            () -> source.read(block * 4096, ByteBuffer.allocate(1)),
            () -> "block " + block);
      }
      byte[] hole = new byte[4096];
      Arrays.fill(hole, (byte) 1);
      assertEquals(4096, source.read(2 * 4096, ByteBuffer.wrap(hole)));
      assertArrayEquals(new byte[4096], hole);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 16, 31, 32})
  void a_last_block_without_room_for_a_byte_counts_as_one_byte_and_is_an_error(int extra)
      throws Exception {
    VectorVolume vector = VectorVolume.named("default-scrypt16");
    Path directory = vector.unpack(temp);
    Path stored = storedPath(vector, directory, "hello.bin");
    byte[] good = Files.readAllBytes(stored);
    Files.write(stored, Arrays.copyOf(good, FileHeader.SIZE + 4128 + extra));
    try (Volume volume = vector.openWithMasterKey(directory)) {
      Node file = VectorVolume.walk(volume.tree(), "hello.bin");
      assertEquals(4097, file.attributes().size());
      try (Source source = volume.tree().open(file)) {
        assertEquals(4097, source.size());
        assertThrows(IntegrityException.class, () -> source.read(4096, ByteBuffer.allocate(1)));
        assertEquals(4096, source.read(0, ByteBuffer.allocate(4096)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 17, 18})
  void a_file_without_a_block_is_empty(int size) throws Exception {
    VectorVolume vector = VectorVolume.named("default-scrypt16");
    Path directory = vector.unpack(temp);
    Path stored = storedPath(vector, directory, "hello.bin");
    Files.write(stored, Arrays.copyOf(Files.readAllBytes(stored), size));
    try (Volume volume = vector.openWithMasterKey(directory)) {
      Node file = VectorVolume.walk(volume.tree(), "hello.bin");
      assertEquals(0, file.attributes().size());
      assertEquals(0, VectorVolume.read(volume.tree(), file).length);
    }
  }

  @Test
  void a_zero_header_is_an_error_even_before_holes() throws Exception {
    VectorVolume vector = VectorVolume.named("default-scrypt16");
    Path directory = vector.unpack(temp);
    Path stored = storedPath(vector, directory, "hello.bin");
    Files.write(stored, new byte[FileHeader.SIZE + 4128]);
    try (Volume volume = vector.openWithMasterKey(directory)) {
      Node file = VectorVolume.walk(volume.tree(), "hello.bin");
      assertEquals(4096, file.attributes().size());
      try (Source source = volume.tree().open(file)) {
        assertThrows(IntegrityException.class, () -> source.read(0, ByteBuffer.allocate(1)));
        assertThrows(IntegrityException.class, () -> source.read(4095, ByteBuffer.allocate(1)));
        assertEquals(0, source.read(4096, ByteBuffer.allocate(1)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing", "short", "long", "zero", "symlink", "fifo", "directory"})
  void a_directory_without_a_good_tweak_fails_and_the_rest_goes_on(String damage) throws Exception {
    VectorVolume vector = VectorVolume.named("default-scrypt16");
    Path directory = vector.unpack(temp);
    OpeningTest.damageTweak(storedPath(vector, directory, "sub"), damage);
    try (Volume volume = vector.openWithMasterKey(directory)) {
      FileTree tree = volume.tree();
      Node sub = VectorVolume.walk(tree, "sub");
      assertThrows(IntegrityException.class, () -> tree.list(sub));
      assertThrows(IntegrityException.class, () -> tree.lookup(sub, Name.of("link")));
      assertEquals(4, tree.list(tree.root()).size());
      assertEquals(1, VectorVolume.read(tree, VectorVolume.walk(tree, "one.bin")).length);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing", "empty", "huge", "changed", "short name", "fifo", "symlink"})
  void an_object_whose_long_name_is_damaged_is_not_listed_but_found(String damage)
      throws Exception {
    VectorVolume vector = VectorVolume.named("default-scrypt16");
    Path directory = vector.unpack(temp);
    String plainName =
        vector.tree().stream()
            .map(entry -> entry.get("path").text())
            .filter(path -> path.startsWith("sub/nnn"))
            .findFirst()
            .orElseThrow();
    Path stored = storedPath(vector, directory, plainName);
    Path nameFile = stored.resolveSibling(stored.getFileName() + ".name");
    byte[] good = Files.readAllBytes(nameFile);
    Files.delete(nameFile);
    switch (damage) {
      case "missing" -> {}
      case "empty" -> Files.createFile(nameFile);
      case "huge" -> Files.write(nameFile, new byte[345]);
      case "changed" -> {
        good[7] = (byte) (good[7] == 'A' ? 'B' : 'A');
        Files.write(nameFile, good);
      }
      case "short name" -> Files.writeString(nameFile, "3Gch8sUvSZ73b0Ed8Uvw8w");
      case "fifo" ->
          assertEquals(0, new ProcessBuilder("mkfifo", nameFile.toString()).start().waitFor());
      case "symlink" -> {
        Files.write(directory.resolve("elsewhere"), good);
        Files.createSymbolicLink(nameFile, Path.of("../elsewhere"));
      }
      default -> throw new AssertionError(damage);
    }
    List<String> warnings = new ArrayList<>();
    try (Volume volume =
        VectorVolume.open(directory, VectorVolume.raw(vector.masterKey()), warnings::add)) {
      FileTree tree = volume.tree();
      Node sub = VectorVolume.walk(tree, "sub");
      assertEquals(Set.of(Name.of("link")), names(tree, sub));
      assertEquals(Set.of(Name.of("link")), names(tree, sub));
      long about =
          warnings.stream().filter(w -> w.contains(stored.getFileName().toString())).count();
      assertEquals(1, about, warnings::toString);
      assertFalse(warnings.toString().contains("nnn"), "plaintext name in a warning");
      assertArrayEquals(
          VectorContent.of(VectorContent.VOLUMES, plainName, 300),
          VectorVolume.read(tree, VectorVolume.walk(tree, plainName)));
    }
  }

  @Test
  void entries_that_do_not_decode_are_left_out_with_one_warning_each() throws Exception {
    VectorVolume vector = VectorVolume.named("default-scrypt16");
    Path directory = vector.unpack(temp);
    try (Volume volume = vector.openWithMasterKey(directory)) {
      assertEquals(4, volume.tree().list(volume.tree().root()).size());
    }
    List<String> bad = new ArrayList<>(List.of("plain", "AAAAAAAAAAAAAAAAAAAAAA", "A", "a.b"));
    // the same bytes, but with padding, spare bits, or in another directory
    bad.add("3Gch8sUvSZ73b0Ed8Uvw8w==");
    bad.add("3Gch8sUvSZ73b0Ed8Uvw8x");
    bad.add("SnoiObbgOwX_No7ojGGhGA");
    bad.add("gocryptfs.longname.AAAA");
    bad.add("gocryptfs.diriv.rmdir.x");
    for (String name : bad) {
      Files.write(directory.resolve(name), new byte[0]);
    }
    Files.write(directory.resolve("gocryptfs.diriv.rmdir.123"), new byte[0]);
    Files.write(directory.resolve("gocryptfs.longname.AAAA.name"), new byte[0]);
    List<String> warnings = new ArrayList<>();
    try (Volume volume =
        VectorVolume.open(directory, VectorVolume.passphrase(vector.passphrase()), warnings::add)) {
      FileTree tree = volume.tree();
      for (int i = 0; i < 3; i++) {
        assertEquals(4, tree.list(tree.root()).size());
      }
    }
    assertEquals(bad.size(), warnings.size(), warnings::toString);
  }

  @Test
  void names_that_cannot_be_are_not_looked_up() throws Exception {
    VectorVolume vector = VectorVolume.named("default-scrypt16");
    Path directory = vector.unpack(temp);
    try (Volume volume = vector.openWithMasterKey(directory)) {
      FileTree tree = volume.tree();
      Node root = tree.root();
      assertThrows(NameTooLongException.class, () -> tree.lookup(root, Name.of("n".repeat(256))));
      assertThrows(NoSuchFileException.class, () -> tree.lookup(root, Name.of("n".repeat(255))));
      for (String name : List.of("", ".", "..", "a/b", "a\0b", "none", "gocryptfs.conf")) {
        assertThrows(NoSuchFileException.class, () -> tree.lookup(root, Name.of(name)), name);
      }
    }
  }

  @Test
  void a_damaged_link_has_no_length_and_no_target() throws Exception {
    VectorVolume vector = VectorVolume.named("default-scrypt16");
    Path directory = vector.unpack(temp);
    Path stored = storedPath(vector, directory, "sub/link");
    String good = Files.readSymbolicLink(stored).toString();
    for (String bad :
        List.of(
            "A" + good.substring(1),
            good.substring(0, good.length() - 4),
            good + "=",
            "plain",
            Base64.getUrlEncoder().withoutPadding().encodeToString(new byte[42]))) {
      Files.delete(stored);
      Files.createSymbolicLink(stored, Path.of(bad));
      try (Volume volume = vector.openWithMasterKey(directory)) {
        Node link = VectorVolume.walk(volume.tree(), "sub/link");
        assertEquals(0, link.attributes().size());
        assertThrows(IntegrityException.class, () -> volume.tree().readLink(link), bad);
      }
    }
  }

  @Test
  void attributes_fail_alone_and_old_text_values_are_read() throws Exception {
    VectorVolume vector = VectorVolume.named("default-full");
    Path directory = vector.unpack(temp);
    Path stored = storedPath(vector, directory, "xattrs/f.bin");
    var view = Files.getFileAttributeView(stored, UserDefinedFileAttributeView.class);
    String foo;
    try (NameCipher names = nameCipher(vector)) {
      foo = "gocryptfs." + names.encryptXattrName(Name.of("user.foo"));
    }
    ByteBuffer value = ByteBuffer.allocate(view.size(foo));
    view.read(foo, value);
    view.write(foo, ByteBuffer.wrap(Base64.getUrlEncoder().withoutPadding().encode(value.array())));
    view.write("gocryptfs.AAAAAAAAAAAAAAAAAAAAAA", ByteBuffer.wrap(new byte[3]));
    view.write("gocryptfs.x", ByteBuffer.wrap(new byte[3]));
    view.write("invisible", ByteBuffer.wrap(new byte[3]));
    List<String> warnings = new ArrayList<>();
    try (Volume volume =
        VectorVolume.open(directory, VectorVolume.raw(vector.masterKey()), warnings::add)) {
      FileTree tree = volume.tree();
      Node file = VectorVolume.walk(tree, "xattrs/f.bin");
      assertArrayEquals(
          "bar".getBytes(StandardCharsets.UTF_8), tree.xattr(file, Name.of("user.foo")));
      assertEquals(4, tree.listXattrs(file).size());
      assertEquals(2, warnings.size(), warnings::toString);
      for (String none : List.of("user.invisible", "invisible", "security.capability", "", "x")) {
        assertThrows(NoSuchAttributeException.class, () -> tree.xattr(file, Name.of(none)), none);
      }
      view.write(foo, ByteBuffer.wrap(new byte[50]));
    }
    try (Volume volume = vector.openWithMasterKey(directory)) {
      FileTree tree = volume.tree();
      Node file = VectorVolume.walk(tree, "xattrs/f.bin");
      assertThrows(IntegrityException.class, () -> tree.xattr(file, Name.of("user.foo")));
      assertEquals(0, tree.xattr(file, Name.of("user.empty")).length);
    }
  }

  private static NameCipher nameCipher(VectorVolume vector) {
    byte[] key =
        Hkdf.SHA256.derive(
            vector.masterKey(),
            new byte[0],
            "EME filename encryption".getBytes(StandardCharsets.UTF_8),
            32);
    return new NameCipher(new Eme(key), new Base64Url(true));
  }

  private static Set<Name> names(FileTree tree, Node directory) throws Exception {
    Set<Name> names = new HashSet<>();
    for (DirectoryEntry entry : tree.list(directory)) {
      names.add(entry.name());
    }
    return names;
  }

  private static int at(BlockLayout layout, long block) {
    return Math.toIntExact(layout.ciphertextOffset(block));
  }

  /** Where the object with this plaintext path is stored. */
  static Path storedPath(VectorVolume vector, Path directory, String path) throws Exception {
    try (Volume volume = vector.openWithMasterKey(directory)) {
      return directory.resolve(VectorVolume.walk(volume.tree(), path).location());
    }
  }

  static void flip(Path file, long offset) throws Exception {
    try (RandomAccessFile stored = new RandomAccessFile(file.toFile(), "rw")) {
      stored.seek(offset);
      int old = stored.read();
      stored.seek(offset);
      stored.write(old ^ 1);
    }
  }
}
