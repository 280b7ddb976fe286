package io.unsealfs.volume.ext4;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.vectors.Json;
import io.unsealfs.volume.Finding;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.Volume.CheckSummary;
import java.math.BigInteger;
import java.nio.ByteBuffer;
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
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every shared image reads exactly as the kernel's own mount of it did. */
class SharedImagesTest {
  private static final Name LOST_AND_FOUND = Name.of("lost+found");
  private static final BigInteger NANOS = BigInteger.valueOf(1_000_000_000);

  static List<String> images() {
    return Image.NAMES;
  }

  @ParameterizedTest
  @MethodSource("images")
  void reads_as_its_manifest_says(String image) throws Exception {
    try (Volume volume = Image.open(Image.vector(image))) {
      FileTree tree = volume.tree();
      Map<Name, Node> found = new TreeMap<>();
      collect(tree, tree.root(), new byte[] {'/'}, found);
      Set<Name> expected = new HashSet<>();
      for (Json entry : Image.manifest(image).get("entries").items()) {
        Name path =
            entry.has("path_b64")
                ? Name.of(Base64.getDecoder().decode(entry.get("path_b64").text()))
                : Name.of(entry.get("path").text());
        expected.add(path);
        Node node = found.get(path);
        assertTrue(node != null, () -> "missing: " + path);
        if (node != null) {
          compare(tree, entry, node, path.toString());
        }
      }
      assertEquals(expected, found.keySet());
    }
  }

  @ParameterizedTest
  @MethodSource("images")
  void is_found_sound_by_a_check(String image) throws Exception {
    try (Volume volume = Image.open(Image.vector(image))) {
      List<Finding> findings = new ArrayList<>();
      long[] bytes = new long[1];
      CheckSummary summary = volume.check(findings::add, read -> bytes[0] += read);
      assertEquals(List.of(), findings);
      assertEquals(bytes[0], summary.plaintextBytes());
      assertTrue(summary.files() > 20 && summary.directories() > 10 && bytes[0] > 1000);
    }
  }

  private static void collect(FileTree tree, Node node, byte[] path, Map<Name, Node> found)
      throws Exception {
    found.put(Name.of(path), node);
    if (node.kind() != NodeKind.DIRECTORY) {
      return;
    }
    for (DirectoryEntry entry : tree.list(node)) {
      if (path.length == 1 && entry.name().equals(LOST_AND_FOUND)) {
        continue;
      }
      Node child = tree.lookup(node, entry.name());
      assertEquals(entry.kind(), child.kind());
      assertEquals(entry.fileId(), child.attributes().fileId());
      byte[] name = entry.name().toBytes();
      int slash = path.length == 1 ? 0 : 1;
      byte[] childPath = Arrays.copyOf(path, path.length + slash + name.length);
      if (slash == 1) {
        childPath[path.length] = '/';
      }
      System.arraycopy(name, 0, childPath, childPath.length - name.length, name.length);
      collect(tree, child, childPath, found);
    }
  }

  private static void compare(FileTree tree, Json entry, Node node, String path) throws Exception {
    Attributes attributes = node.attributes();
    assertEquals(Image.kind(entry.get("type").text()), node.kind(), path);
    assertEquals(Integer.parseInt(entry.get("mode").text(), 8), attributes.mode(), path);
    assertEquals((int) entry.get("uid").number(), attributes.uid(), path);
    assertEquals((int) entry.get("gid").number(), attributes.gid(), path);
    assertEquals(entry.get("nlink").integer(), attributes.linkCount(), path);
    assertEquals(entry.get("ino").number(), attributes.fileId(), path);
    BigInteger modified =
        BigInteger.valueOf(attributes.modifiedSeconds())
            .multiply(NANOS)
            .add(BigInteger.valueOf(attributes.modifiedNanoOfSecond()));
    assertEquals(entry.get("mtime_ns").text(), modified.toString(), path);
    if (entry.has("size")) {
      assertEquals(entry.get("size").number(), attributes.size(), path);
    }
    if (entry.has("target")) {
      assertEquals(Name.of(entry.get("target").text()), tree.readLink(node), path);
    }
    if (entry.has("rdev")) {
      List<Json> device = entry.get("rdev").items();
      long major = device.get(0).number();
      long minor = device.get(1).number();
      assertEquals(
          (major << 8) | (minor & 0xff) | ((minor & ~0xffL) << 12),
          attributes.deviceNumber(),
          path);
    }
    if (entry.has("sha256")) {
      try (Source source = tree.open(node)) {
        if (attributes.size() < 4 << 20) {
          assertEquals(
              entry.get("sha256").text(), sha256(source, 0, attributes.size(), 10_007), path);
        }
        assertEquals(
            entry.get("sha256").text(), sha256(source, 0, attributes.size(), 4 << 20), path);
      }
    }
    if (entry.has("data_ranges")) {
      ranges(tree, entry, node, path);
    }
    Set<String> names = new TreeSet<>();
    for (Name name : tree.listXattrs(node)) {
      names.add(name.toString());
    }
    assertEquals(
        entry.has("xattrs") ? new TreeSet<>(entry.get("xattrs").names()) : Set.of(), names, path);
    for (String name : names) {
      assertArrayEquals(
          Base64.getDecoder().decode(entry.get("xattrs").get(name).text()),
          tree.xattr(node, Name.of(name)),
          path);
    }
  }

  private static void ranges(FileTree tree, Json entry, Node node, String path) throws Exception {
    try (Source source = tree.open(node)) {
      long end = 0;
      for (Json range : entry.get("data_ranges").items()) {
        List<Json> fields = range.items();
        long from = fields.get(0).number();
        long length = fields.get(1).number();
        assertEquals(fields.get(2).text(), sha256(source, from, length, 1 << 20), path);
        byte[] hole = new byte[(int) Math.min(from - end, 1 << 20)];
        if (hole.length > 0) {
          ByteBuffer read = ByteBuffer.allocate(hole.length);
          assertEquals(hole.length, source.read(from - hole.length, read));
          assertArrayEquals(hole, read.array(), path);
        }
        end = from + length;
      }
    }
  }

  private static String sha256(Source source, long from, long length, int step) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    ByteBuffer buffer = ByteBuffer.allocateDirect(step);
    for (long at = from; at < from + length; ) {
      buffer.clear().limit((int) Math.min(step, from + length - at));
      int wanted = buffer.remaining();
      assertEquals(wanted, source.read(at, buffer));
      digest.update(buffer.flip());
      at += wanted;
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
