package io.unsealfs.volume.gocryptfs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.vectors.Json;
import io.unsealfs.volume.Finding;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeInfo;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.WrongKeyException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every shared volume reads exactly as its manifest says. */
class SharedVolumesTest {
  @TempDir Path temp;

  static List<VectorVolume> volumes() {
    return VectorVolume.all();
  }

  @ParameterizedTest
  @MethodSource("volumes")
  void reads_as_its_manifest_says_with_the_passphrase(VectorVolume vector) throws Exception {
    readsAsItsManifestSays(vector, VectorVolume.passphrase(vector.passphrase()));
  }

  @ParameterizedTest
  @MethodSource("volumes")
  void reads_as_its_manifest_says_with_the_master_key(VectorVolume vector) throws Exception {
    readsAsItsManifestSays(vector, VectorVolume.raw(vector.masterKey()));
  }

  private void readsAsItsManifestSays(VectorVolume vector, VolumeKey key) throws Exception {
    Path directory = vector.unpack(temp);
    List<String> warnings = new ArrayList<>();
    try (Volume volume = VectorVolume.open(directory, key, warnings::add)) {
      FileTree tree = volume.tree();
      Map<Name, Node> found = new TreeMap<>();
      collect(tree, tree.root(), new byte[0], found);
      Set<Name> expected = new HashSet<>();
      for (Json entry : vector.tree()) {
        Name path =
            entry.has("path_b64")
                ? Name.of(Base64.getDecoder().decode(entry.get("path_b64").text()))
                : Name.of(entry.get("path").text());
        expected.add(path);
        Node node = found.get(path);
        assertTrue(node != null, () -> "missing: " + path);
        if (node != null) {
          compare(tree, entry, path, node, found);
        }
      }
      assertEquals(expected, found.keySet());
      assertEquals(List.of(), warnings);
    }
  }

  private static void collect(FileTree tree, Node node, byte[] path, Map<Name, Node> found)
      throws Exception {
    found.put(Name.of(path), node);
    if (node.kind() != NodeKind.DIRECTORY) {
      return;
    }
    for (DirectoryEntry entry : tree.list(node)) {
      Node child = tree.lookup(node, entry.name());
      assertEquals(entry.kind(), child.kind());
      assertEquals(entry.fileId(), child.attributes().fileId());
      byte[] name = entry.name().toBytes();
      byte[] childPath =
          Arrays.copyOf(path, path.length + (path.length == 0 ? 0 : 1) + name.length);
      if (path.length > 0) {
        childPath[path.length] = '/';
      }
      System.arraycopy(name, 0, childPath, childPath.length - name.length, name.length);
      collect(tree, child, childPath, found);
    }
  }

  private static void compare(
      FileTree tree, Json entry, Name path, Node node, Map<Name, Node> found) throws Exception {
    Attributes attributes = node.attributes();
    NodeKind kind =
        switch (entry.get("type").text()) {
          case "dir" -> NodeKind.DIRECTORY;
          case "file" -> NodeKind.FILE;
          case "symlink" -> NodeKind.SYMLINK;
          case "fifo" -> NodeKind.FIFO;
          default -> throw new AssertionError("type of " + entry);
        };
    assertEquals(kind, node.kind(), path::toString);
    assertEquals(Integer.parseInt(entry.get("mode").text(), 8), attributes.mode(), path::toString);
    assertEquals(entry.get("uid").integer(), attributes.uid(), path::toString);
    assertEquals(entry.get("gid").integer(), attributes.gid(), path::toString);
    if (entry.has("mtime")) {
      assertEquals(
          entry.get("mtime").number(),
          Math.floorDiv(attributes.modifiedNanos(), 1_000_000_000L),
          path::toString);
    }
    if (entry.has("size")) {
      assertEquals(entry.get("size").number(), attributes.size(), path::toString);
    }
    if (kind == NodeKind.FILE) {
      byte[] content = VectorVolume.read(tree, node);
      assertEquals(
          entry.get("sha256").text(),
          HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content)),
          path::toString);
      assertEquals(entry.get("nlink").integer(), attributes.linkCount(), path::toString);
    }
    if (entry.has("hardlink_of")) {
      Node other = found.get(Name.of(entry.get("hardlink_of").text()));
      assertTrue(other != null && other.attributes().fileId() == attributes.fileId());
    }
    if (kind == NodeKind.SYMLINK) {
      assertEquals(Name.of(entry.get("target").text()), tree.readLink(node), path::toString);
    }
    Set<Name> names = new HashSet<>();
    if (entry.has("xattrs_b64")) {
      for (String name : entry.get("xattrs_b64").names()) {
        names.add(Name.of(name));
        assertArrayEquals(
            Base64.getDecoder().decode(entry.get("xattrs_b64").get(name).text()),
            tree.xattr(node, Name.of(name)),
            name);
      }
    }
    assertEquals(names, new HashSet<>(tree.listXattrs(node)), path::toString);
  }

  @ParameterizedTest
  @MethodSource("volumes")
  void a_check_finds_nothing(VectorVolume vector) throws Exception {
    Path directory = vector.unpack(temp);
    try (Volume volume = vector.openWithMasterKey(directory)) {
      List<Finding> findings = new ArrayList<>();
      long[] progress = {0};
      Volume.CheckSummary summary = volume.check(findings::add, bytes -> progress[0] += bytes);
      assertEquals(List.of(), findings);
      long bytes = 0;
      long files = 0;
      for (Json entry : vector.tree()) {
        if (entry.get("type").text().equals("file")) {
          files++;
          bytes += entry.get("size").number();
        }
      }
      assertEquals(files, summary.files());
      assertEquals(bytes, summary.plaintextBytes());
      assertEquals(bytes, progress[0]);
      assertEquals(
          vector.tree().size(), summary.files() + summary.directories() + summary.others());
      assertEquals(0, summary.findings());
    }
  }

  @ParameterizedTest
  @MethodSource("volumes")
  void a_wrong_passphrase_is_refused(VectorVolume vector) throws Exception {
    Path directory = vector.unpack(temp);
    byte[] wrong = "correct horse battery staple ".getBytes(StandardCharsets.UTF_8);
    var e =
        assertThrows(
            WrongKeyException.class,
            () -> VectorVolume.open(directory, VectorVolume.passphrase(wrong), w -> {}));
    assertTrue(String.valueOf(e.getMessage()).contains("passphrase"), e::getMessage);
  }

  @ParameterizedTest
  @MethodSource("volumes")
  void wrong_master_keys_are_refused(VectorVolume vector) throws Exception {
    Path directory = vector.unpack(temp);
    for (int i = 0; i < 64; i++) {
      byte[] wrong = vector.masterKey();
      wrong[i % 32] ^= (byte) (1 << (i / 8));
      var e =
          assertThrows(
              WrongKeyException.class,
              () -> VectorVolume.open(directory, VectorVolume.raw(wrong), w -> {}));
      assertTrue(String.valueOf(e.getMessage()).contains("master key"), e::getMessage);
    }
  }

  @ParameterizedTest
  @MethodSource("volumes")
  void info_needs_no_key(VectorVolume vector) throws Exception {
    Path directory = vector.unpack(temp);
    try (LocalTree tree = LocalTree.open(directory)) {
      GocryptfsFormat format = new GocryptfsFormat();
      assertTrue(format.probe(tree));
      VolumeInfo info = format.info(tree);
      assertEquals("gocryptfs", info.format());
      assertEquals(
          Set.copyOf(vector.flags()),
          new HashSet<>((List<?>) info.properties().get("feature_flags")));
    }
  }
}
