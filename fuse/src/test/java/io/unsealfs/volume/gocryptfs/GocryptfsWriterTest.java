package io.unsealfs.volume.gocryptfs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unsealfs.block.BlockCache;
import io.unsealfs.block.IntegrityException;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.local.CopySummary;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.storage.local.Recorder;
import io.unsealfs.storage.local.StopSwitch;
import io.unsealfs.storage.local.TreeExport;
import io.unsealfs.trees.AwkwardTree;
import io.unsealfs.trees.Commands;
import io.unsealfs.trees.MemoryTree;
import io.unsealfs.trees.TreeImage;
import io.unsealfs.volume.Finding;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import io.unsealfs.volume.WrongKeyException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(240)
class GocryptfsWriterTest {
  private static final String PASSPHRASE = "correct horse";

  @TempDir Path directory;
  private final Recorder recorder = new Recorder();
  private final StopSwitch stop = new StopSwitch();

  private GocryptfsWriter writer(boolean plaintextNames) {
    return new GocryptfsWriter(new GocryptfsWriter.Options(plaintextNames, 10, 4), recorder, stop);
  }

  private static VolumeKey passphrase() {
    return new VolumeKey.Passphrase(LockedMemory.copyOf(PASSPHRASE.getBytes(UTF_8)));
  }

  private Path awkwardSource() throws Exception {
    Path source = Files.createDirectory(directory.resolve("source"));
    AwkwardTree.create(source);
    return source;
  }

  private List<String> left() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static Volume open(Path volume, VolumeKey key, BlockCache cache) throws IOException {
    VolumeContext context =
        new VolumeContext(cache, new VolumeLimits(1L << 30, 1L << 30), warning -> {});
    return new GocryptfsFormat().open(LocalTree.open(volume), key, context);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void our_reader_reads_what_was_written(boolean plaintextNames) throws Exception {
    Path source = awkwardSource();
    Path target = directory.resolve("volume");
    Path back = directory.resolve("back");
    CopySummary summary;
    try (VolumeKey key = passphrase()) {
      summary = writer(plaintextNames).encrypt(source, target, key);
    }
    assertEquals(List.of("source", "volume"), left());
    assertEquals(0, summary.failures());
    try (VolumeKey key = passphrase();
        BlockCache cache = new BlockCache(64 << 20, 256 << 10);
        Volume volume = open(target, key, cache)) {
      List<Finding> findings = new ArrayList<>();
      volume.check(findings::add, bytes -> {});
      assertEquals(List.of(), findings);
      new TreeExport(new TreeExport.Options(4, true), recorder, stop).export(volume.tree(), back);
    }
    assertEquals(List.of(), TreeImage.differences(source, back));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void the_real_gocryptfs_finds_nothing_wrong_and_shows_the_same_tree(boolean plaintextNames)
      throws Exception {
    requireGocryptfs();
    Path source = awkwardSource();
    Path target = directory.resolve("volume");
    try (VolumeKey key = passphrase()) {
      writer(plaintextNames).encrypt(source, target, key);
    }
    Path password = Files.writeString(directory.resolve("password"), PASSPHRASE + "\n");
    String fsck =
        Commands.succeed("gocryptfs", "-fsck", "-passfile", password.toString(), target.toString());
    assertTrue(fsck.contains("no problems found"), fsck);
    assertEquals(List.of(), throughMount(source, target, "-passfile", password.toString()));
  }

  @Test
  void a_raw_key_is_the_master_key_and_no_passphrase_opens_the_volume() throws Exception {
    byte[] masterKey = new byte[32];
    Arrays.fill(masterKey, (byte) 0x5a);
    Path source = Files.createDirectory(directory.resolve("source"));
    Files.writeString(source.resolve("file"), "content");
    Path target = directory.resolve("volume");
    try (VolumeKey key = new VolumeKey.RawKey(LockedMemory.copyOf(masterKey))) {
      writer(false).encrypt(source, target, key);
      try (BlockCache cache = new BlockCache(1 << 20, 128 << 10);
          Volume volume = open(target, key, cache)) {
        assertEquals(
            NodeKind.FILE, volume.tree().lookup(volume.tree().root(), Name.of("file")).kind());
      }
    }
    try (VolumeKey wrong = passphrase();
        BlockCache cache = new BlockCache(1 << 20, 128 << 10)) {
      assertThrows(WrongKeyException.class, () -> open(target, wrong, cache));
    }
    requireGocryptfs();
    String hex = HexFormat.of().formatHex(masterKey);
    assertEquals(List.of(), throughMount(source, target, "-masterkey", hex));
  }

  private static void requireGocryptfs() throws Exception {
    boolean there = Commands.available("gocryptfs") && Files.isWritable(Path.of("/dev/fuse"));
    if ("true".equals(System.getenv("CI"))) {
      assertTrue(there, "gocryptfs and /dev/fuse have to be there");
    }
    assumeTrue(there, "gocryptfs is not there or /dev/fuse not for us");
  }

  private List<String> throughMount(Path source, Path volume, String... key) throws Exception {
    Path mountPoint = Files.createDirectory(directory.resolve("mount"));
    List<String> command = new ArrayList<>(List.of("gocryptfs", "-ro", "-nosyslog"));
    command.addAll(List.of(key));
    command.addAll(List.of(volume.toString(), mountPoint.toString()));
    Commands.succeed(command.toArray(String[]::new));
    try {
      return TreeImage.differences(source, mountPoint);
    } finally {
      Commands.succeed("fusermount", "-u", mountPoint.toString());
    }
  }

  @Test
  void the_config_is_what_gocryptfs_writes_and_only_the_owner_reads_it() throws Exception {
    Path source = Files.createDirectory(directory.resolve("source"));
    Path target = directory.resolve("volume");
    try (VolumeKey key = passphrase()) {
      new GocryptfsWriter(new GocryptfsWriter.Options(false, 16, 1), recorder, stop)
          .encrypt(source, target, key);
    }
    Path config = target.resolve("gocryptfs.conf");
    String shape = Files.readString(config).replaceAll("\"[A-Za-z0-9+/]{43,}=*\"", "\"base64\"");
    assertEquals(
        """
        {
        \t"Creator": "unsealfs",
        \t"EncryptedKey": "base64",
        \t"ScryptObject": {
        \t\t"Salt": "base64",
        \t\t"N": 65536,
        \t\t"R": 8,
        \t\t"P": 1,
        \t\t"KeyLen": 32
        \t},
        \t"Version": 2,
        \t"FeatureFlags": [
        \t\t"HKDF",
        \t\t"GCMIV128",
        \t\t"DirIV",
        \t\t"EMENames",
        \t\t"LongNames",
        \t\t"Raw64"
        \t]
        }
        """,
        shape);
    assertEquals("400\n", Commands.succeed("stat", "-c", "%a", config.toString()));
    assertEquals("444 16\n", Commands.succeed("stat", "-c", "%a %s", target + "/gocryptfs.diriv"));
  }

  @Test
  void nothing_of_the_plaintext_and_no_nonce_shows_twice() throws Exception {
    Path source = Files.createDirectory(directory.resolve("source"));
    byte[] same = new byte[3 * 4096];
    Files.write(source.resolve("a"), same);
    Files.write(source.resolve("b"), same);
    Path target = directory.resolve("volume");
    try (VolumeKey key = passphrase()) {
      writer(true).encrypt(source, target, key);
    }
    List<String> nonces = new ArrayList<>();
    for (String name : List.of("a", "b")) {
      byte[] stored = Files.readAllBytes(target.resolve(name));
      assertEquals(18 + 3 * 4128, stored.length);
      for (int block = 0; block < 3; block++) {
        int at = 18 + block * 4128;
        nonces.add(HexFormat.of().formatHex(stored, at, at + 16));
      }
      nonces.add(HexFormat.of().formatHex(stored, 2, 18));
    }
    assertEquals(8, nonces.stream().distinct().count());
  }

  @Test
  void an_existing_target_is_refused_even_if_empty() throws Exception {
    Path source = Files.createDirectory(directory.resolve("source"));
    Path target = Files.createDirectory(directory.resolve("volume"));
    try (VolumeKey key = passphrase()) {
      assertThrows(
          FileAlreadyExistsException.class, () -> writer(false).encrypt(source, target, key));
      assertThrows(
          FileSystemException.class,
          () -> writer(false).encrypt(source, source.resolve("volume"), key));
      assertThrows(
          NoSuchFileException.class,
          () -> writer(false).encrypt(directory.resolve("none"), directory.resolve("new"), key));
    }
    assertEquals(List.of("source", "volume"), left());
    assertEquals(
        "",
        Commands.succeed("ls", "-A", source.toString(), target.toString())
            .replaceAll("(?m)^/.*:\\n|^\\n", ""));
  }

  @Test
  void a_damage_in_the_source_ends_it_and_leaves_nothing() throws Exception {
    MemoryTree.Item root =
        MemoryTree.directory(1)
            .add(
                Name.of("bad"),
                MemoryTree.file(2, new byte[10])
                    .onRead((offset, length) -> {
                      throw new IntegrityException("stored-2: wrong tag");
                    }));
    try (VolumeKey key = passphrase()) {
      assertThrows(
          IntegrityException.class,
          () -> writer(false).encrypt(new MemoryTree(root), directory.resolve("volume"), key));
    }
    assertEquals(List.of(), left());
  }

  @Test
  void a_source_that_changes_while_it_is_read_ends_it_and_leaves_nothing() throws Exception {
    Path source = Files.createDirectory(directory.resolve("source"));
    Files.write(source.resolve("growing"), new byte[50 << 20]);
    Recorder meddler = new Recorder();
    var writer =
        new GocryptfsWriter(
            new GocryptfsWriter.Options(false, 10, 1),
            new io.unsealfs.storage.local.CopyListener() {
              @Override
              public void copied(long plaintextBytes) {
                try {
                  Files.write(source.resolve("growing"), new byte[1], StandardOpenOption.APPEND);
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              }

              @Override
              public void failed(String location, String plaintextPath, IOException why) {
                meddler.failed(location, plaintextPath, why);
              }

              @Override
              public void noticed(String plaintextPath, String what) {
                meddler.noticed(plaintextPath, what);
              }
            },
            stop);
    try (VolumeKey key = passphrase()) {
      assertThrows(
          StaleSourceException.class,
          () -> writer.encrypt(source, directory.resolve("volume"), key));
    }
    assertEquals(List.of("source"), left());
  }

  @Test
  void what_a_volume_cannot_hold_is_refused_by_name() throws Exception {
    MemoryTree.Item link =
        MemoryTree.item(NodeKind.SYMLINK, 2, 0777, 1, "t".repeat(3040).getBytes(UTF_8));
    MemoryTree longTarget = new MemoryTree(MemoryTree.directory(1).add(Name.of("l"), link));
    MemoryTree reserved =
        new MemoryTree(
            MemoryTree.directory(1)
                .add(Name.of("gocryptfs.conf"), MemoryTree.file(2, new byte[1])));
    Path target = directory.resolve("volume");
    try (VolumeKey key = passphrase()) {
      assertThrows(
          NameTooLongException.class, () -> writer(false).encrypt(longTarget, target, key));
      FileSystemException refused =
          assertThrows(
              FileSystemException.class, () -> writer(true).encrypt(reserved, target, key));
      assertTrue(refused.toString().contains("reserved"), refused.toString());
      assertEquals(List.of(), left());
      writer(false).encrypt(reserved, target, key);
    }
    assertFalse(left().isEmpty());
  }

  @Test
  void impossible_keys_and_costs_are_refused() throws Exception {
    MemoryTree empty = new MemoryTree(MemoryTree.directory(1));
    Path target = directory.resolve("volume");
    for (int logN : new int[] {9, 29, -1}) {
      assertThrows(
          IllegalArgumentException.class, () -> new GocryptfsWriter.Options(false, logN, 1));
    }
    try (VolumeKey none = new VolumeKey.Passphrase(LockedMemory.copyOf(new byte[0]));
        VolumeKey shortKey = new VolumeKey.RawKey(LockedMemory.copyOf(new byte[31]))) {
      assertThrows(WrongKeyException.class, () -> writer(false).encrypt(empty, target, none));
      assertThrows(WrongKeyException.class, () -> writer(false).encrypt(empty, target, shortKey));
    }
    assertEquals(List.of(), left());
  }
}
