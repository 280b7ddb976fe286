package io.unsealfs.volume.gocryptfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.WrongKeyException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused at mount, and how. */
class OpeningTest {
  @TempDir Path temp;
  private final VectorVolume vector = VectorVolume.named("longnamemax100");
  private Path directory = Path.of("");

  @BeforeEach
  void unpack() throws Exception {
    directory = vector.unpack(temp);
  }

  private VolumeKey rightPassphrase() {
    return VectorVolume.passphrase(vector.passphrase());
  }

  private void refusedForItsFormat(VolumeKey key, String because) {
    var e =
        assertThrows(VolumeFormatException.class, () -> VectorVolume.open(directory, key, w -> {}));
    assertTrue(String.valueOf(e.getMessage()).contains(because), e::getMessage);
  }

  private void editConfig(String from, String to) throws IOException {
    Path config = directory.resolve("gocryptfs.conf");
    String text = Files.readString(config);
    assertTrue(text.contains(from), text);
    Files.delete(config);
    Files.writeString(config, text.replace(from, to));
  }

  @Test
  void a_fido2_volume_is_refused_with_advice() throws Exception {
    editConfig("\"HKDF\"", "\"HKDF\", \"FIDO2\"");
    refusedForItsFormat(rightPassphrase(), "FIDO2");
    refusedForItsFormat(VectorVolume.raw(vector.masterKey()), "without -fido2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"N\": 2097152", "\"N\": 1073741824"})
  void scrypt_beyond_the_memory_limit_is_refused_before_anything_is_allocated(String n)
      throws Exception {
    editConfig("\"N\": 1024", n);
    refusedForItsFormat(rightPassphrase(), "the limit is 256 MiB");
    // a master key needs no scrypt
    VectorVolume.open(directory, VectorVolume.raw(vector.masterKey()), w -> {}).close();
  }

  @Test
  void scrypt_beyond_the_work_limit_is_refused() throws Exception {
    editConfig("\"P\": 1", "\"P\": 1024");
    refusedForItsFormat(rightPassphrase(), "block operations, the limit is 4194304");
  }

  @Test
  void scrypt_with_absurd_lanes_is_refused() throws Exception {
    editConfig("\"P\": 1", "\"P\": 100000000");
    refusedForItsFormat(rightPassphrase(), "scrypt");
  }

  @Test
  void a_damaged_wrapped_key_reads_like_a_wrong_passphrase() throws Exception {
    editConfig("\"Salt\": \"", "\"Salt\": \"AAAA");
    var e =
        assertThrows(
            WrongKeyException.class,
            () -> VectorVolume.open(directory, rightPassphrase(), w -> {}));
    assertTrue(String.valueOf(e.getMessage()).contains("damaged"), e::getMessage);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 16, 31, 33, 64})
  void a_master_key_of_another_length_is_refused(int length) {
    assertThrows(
        WrongKeyException.class,
        () -> VectorVolume.open(directory, VectorVolume.raw(new byte[length]), w -> {}));
  }

  @Test
  void the_flags_apply_to_a_master_key_too() throws Exception {
    editConfig("\"HKDF\",\n\t\t\"GCMIV128\"", "\"HKDF\",\n\t\t\"AESSIV\",\n\t\t\"GCMIV128\"");
    // other content key; the names still decrypt, and no block does
    List<String> warnings = new ArrayList<>();
    VectorVolume.open(directory, VectorVolume.raw(vector.masterKey()), warnings::add).close();
    assertTrue(warnings.toString().contains("none of the files"), warnings::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing", "short", "long", "zero", "symlink", "fifo", "directory"})
  void a_root_without_a_good_tweak_is_refused(String damage) throws Exception {
    damageTweak(directory, damage);
    refusedForItsFormat(rightPassphrase(), "gocryptfs.diriv");
    refusedForItsFormat(VectorVolume.raw(vector.masterKey()), "gocryptfs.diriv");
  }

  static void damageTweak(Path directory, String damage) throws Exception {
    Path tweak = directory.resolve("gocryptfs.diriv");
    byte[] bytes = Files.readAllBytes(tweak);
    Files.delete(tweak);
    switch (damage) {
      case "missing" -> {}
      case "short" -> Files.write(tweak, java.util.Arrays.copyOf(bytes, 15));
      case "long" -> Files.write(tweak, java.util.Arrays.copyOf(bytes, 17));
      case "zero" -> Files.write(tweak, new byte[16]);
      case "symlink" -> {
        Files.write(directory.resolve("elsewhere"), bytes);
        Files.createSymbolicLink(tweak, Path.of("elsewhere"));
      }
      case "fifo" ->
          assertEquals(0, new ProcessBuilder("mkfifo", tweak.toString()).start().waitFor());
      case "directory" -> Files.createDirectory(tweak);
      default -> throw new AssertionError(damage);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing", "empty", "huge", "symlink", "fifo", "directory"})
  void a_config_that_is_no_file_is_refused(String damage) throws Exception {
    Path config = directory.resolve("gocryptfs.conf");
    Files.move(config, directory.resolve("elsewhere"));
    switch (damage) {
      case "missing" -> {}
      case "empty" -> Files.createFile(config);
      case "huge" -> Files.write(config, new byte[65537]);
      case "symlink" -> Files.createSymbolicLink(config, Path.of("elsewhere"));
      case "fifo" ->
          assertEquals(0, new ProcessBuilder("mkfifo", config.toString()).start().waitFor());
      case "directory" -> Files.createDirectory(config);
      default -> throw new AssertionError(damage);
    }
    refusedForItsFormat(rightPassphrase(), "gocryptfs.conf");
    try (LocalTree tree = LocalTree.open(directory)) {
      assertEquals(
          damage.equals("empty") || damage.equals("huge"), new GocryptfsFormat().probe(tree));
      assertThrows(VolumeFormatException.class, () -> new GocryptfsFormat().info(tree));
    }
  }

  @Test
  void a_reverse_mode_source_is_named_as_what_it_is() throws Exception {
    Files.move(directory.resolve("gocryptfs.conf"), directory.resolve(".gocryptfs.reverse.conf"));
    refusedForItsFormat(rightPassphrase(), "-reverse");
  }

  @Test
  void an_empty_volume_takes_any_master_key_and_says_so() throws Exception {
    emptyIt();
    List<String> warnings = new ArrayList<>();
    try (Volume volume =
        VectorVolume.open(directory, VectorVolume.raw(new byte[32]), warnings::add)) {
      assertEquals(List.of(), volume.tree().list(volume.tree().root()));
    }
    assertEquals(1, warnings.size());
  }

  @Test
  void names_alone_tell_a_wrong_master_key() throws Exception {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            String name = file.getFileName().toString();
            if (attributes.isSymbolicLink()) {
              Files.delete(file);
            } else if (!name.startsWith("gocryptfs.") || name.matches("gocryptfs.longname.[^.]*")) {
              Files.write(file, new byte[0]);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    List<String> warnings = new ArrayList<>();
    VectorVolume.open(directory, VectorVolume.raw(vector.masterKey()), warnings::add).close();
    assertEquals(List.of(), warnings);
    byte[] wrong = vector.masterKey();
    wrong[0]++;
    assertThrows(
        WrongKeyException.class,
        () -> VectorVolume.open(directory, VectorVolume.raw(wrong), w -> {}));
  }

  @Test
  void nothing_is_read_after_close() throws Exception {
    Volume volume = vector.openWithMasterKey(directory);
    volume.close();
    assertThrows(
        Exception.class, () -> volume.tree().lookup(volume.tree().root(), Name.of("empty.bin")));
  }

  @Test
  void the_config_of_a_volume_with_plain_names_is_hidden_in_the_root_only() throws Exception {
    VectorVolume plain = VectorVolume.named("plaintextnames");
    Path volumeDirectory = plain.unpack(temp);
    Files.write(volumeDirectory.resolve("big/gocryptfs.conf"), new byte[0]);
    try (Volume volume = plain.openWithMasterKey(volumeDirectory)) {
      Name config = Name.of("gocryptfs.conf");
      var tree = volume.tree();
      assertThrows(NoSuchFileException.class, () -> tree.lookup(tree.root(), config));
      assertFalse(tree.list(tree.root()).stream().anyMatch(e -> e.name().equals(config)));
      VectorVolume.walk(tree, "big/gocryptfs.conf");
    }
  }

  private void emptyIt() throws IOException {
    try (var entries = Files.list(directory)) {
      for (Path entry : entries.toList()) {
        if (!entry.getFileName().toString().startsWith("gocryptfs.")) {
          deleteTree(entry);
        }
      }
    }
  }

  private static void deleteTree(Path path) throws IOException {
    try (var all = Files.walk(path)) {
      for (Path each : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  @Test
  void a_passphrase_is_bytes_and_keeps_its_spaces() {
    byte[] withReturn =
        (new String(vector.passphrase(), StandardCharsets.UTF_8) + "\r")
            .getBytes(StandardCharsets.UTF_8);
    assertThrows(
        WrongKeyException.class,
        () -> VectorVolume.open(directory, VectorVolume.passphrase(withReturn), w -> {}));
  }
}
