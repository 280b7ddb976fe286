package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.NodeKind;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the kernel saw in an image of the shared vectors. */
record ImageManifest(Json manifest) {
  private static final Name USER = Name.of("user.");
  private static final Name LOST_AND_FOUND = Name.of("lost+found");
  private static final BigInteger NANOS = BigInteger.valueOf(1_000_000_000);
  private static final int MOST_XATTR = 4000;
  private static final int MOST_HOLE_READ = 64 << 10;

  /** A snapshot as manifests have it. */
  static TreeSnapshot withoutLostAndFound(TreeSnapshot snapshot) {
    SortedMap<Name, TreeEntry> entries = new TreeMap<>(snapshot.entries());
    entries.remove(LOST_AND_FOUND);
    return new TreeSnapshot(entries);
  }

  /**
   * What an export leaves of a tree: neither devices and sockets nor set-id bits of files, and no
   * attributes so large that few file systems take them.
   */
  static TreeSnapshot exported(TreeSnapshot snapshot) {
    SortedMap<Name, TreeEntry> entries =
        new TreeMap<>(snapshot.withoutSetIdBitsOfFiles().entries());
    entries
        .values()
        .removeIf(entry ->
            entry.kind() == NodeKind.CHARACTER_DEVICE
                || entry.kind() == NodeKind.BLOCK_DEVICE
                || entry.kind() == NodeKind.SOCKET);
    entries
        .values()
        .forEach(entry -> entry.xattrs().values().removeIf(base64 -> base64.length() > MOST_XATTR));
    return new TreeSnapshot(entries);
  }

  /** Compares the data of large files range by range, and ends of the holes between. */
  void compareRanges(Path root) throws IOException {
    for (Json object : manifest.get("entries").items()) {
      if (!object.has("data_ranges")) {
        continue;
      }
      String path = object.get("path").text();
      try (FileChannel file = FileChannel.open(root.resolve(path.substring(1)))) {
        assertEquals(object.get("size").number(), file.size(), path);
        long end = 0;
        for (Json range : object.get("data_ranges").items()) {
          List<Json> fields = range.items();
          long from = fields.get(0).number();
          int length = Math.toIntExact(fields.get(1).number());
          int hole = (int) Math.min(from - end, MOST_HOLE_READ);
          assertArrayEquals(new byte[hole], read(file, from - hole, hole), path);
          assertEquals(
              fields.get(2).text(),
              HexFormat.of().formatHex(TreeSnapshot.newSha256().digest(read(file, from, length))),
              path);
          end = from + length;
        }
      }
    }
  }

  private static byte[] read(FileChannel file, long from, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining() && file.read(bytes, from + bytes.position()) > 0) {
      // on to the next piece
    }
    assertEquals(0, bytes.remaining());
    return bytes.array();
  }

  /** The tree; {@code lost+found} is not among it. */
  TreeSnapshot tree() {
    SortedMap<Name, Json> found = new TreeMap<>();
    for (Json object : manifest.get("entries").items()) {
      byte[] path =
          object.has("path_b64")
              ? Base64.getDecoder().decode(object.get("path_b64").text())
              : object.get("path").text().getBytes(StandardCharsets.UTF_8);
      found.put(Name.of(Arrays.copyOfRange(path, 1, path.length)), object);
    }
    Map<Long, Name> firstNames = new HashMap<>();
    SortedMap<Name, TreeEntry> entries = new TreeMap<>();
    for (Map.Entry<Name, Json> object : found.entrySet()) {
      entries.put(object.getKey(), entry(object.getKey(), object.getValue(), firstNames));
    }
    return new TreeSnapshot(entries);
  }

  private static TreeEntry entry(Name path, Json object, Map<Long, Name> firstNames) {
    NodeKind kind =
        switch (object.get("type").text()) {
          case "file" -> NodeKind.FILE;
          case "dir" -> NodeKind.DIRECTORY;
          case "symlink" -> NodeKind.SYMLINK;
          case "fifo" -> NodeKind.FIFO;
          case "chr" -> NodeKind.CHARACTER_DEVICE;
          case "blk" -> NodeKind.BLOCK_DEVICE;
          case "sock" -> NodeKind.SOCKET;
          default -> throw new AssertionError("unknown type at " + object);
        };
    boolean file = kind == NodeKind.FILE;
    boolean link = kind == NodeKind.SYMLINK;
    Name first = null;
    if (file && object.get("nlink").number() > 1) {
      first = firstNames.putIfAbsent(object.get("ino").number(), path);
    }
    SortedMap<Name, String> xattrs = new TreeMap<>();
    if (object.has("xattrs") && (file || kind == NodeKind.DIRECTORY)) {
      for (String name : object.get("xattrs").names()) {
        if (Name.of(name).startsWith(USER)) {
          xattrs.put(Name.of(name), object.get("xattrs").get(name).text());
        }
      }
    }
    return new TreeEntry(
        kind,
        Integer.parseInt(object.get("mode").text(), 8),
        (int) object.get("uid").number(),
        (int) object.get("gid").number(),
        path.length() == 0 ? null : seconds(object.get("mtime_ns").text()),
        file || link ? object.get("size").number() : 0,
        file && object.has("sha256") ? object.get("sha256").text() : null,
        file ? (int) object.get("nlink").number() : 0,
        first,
        target(object),
        xattrs);
  }

  private static long seconds(String nanos) {
    BigInteger[] parts = new BigInteger(nanos).divideAndRemainder(NANOS);
    return parts[0].longValueExact() - (parts[1].signum() < 0 ? 1 : 0);
  }

  private static @Nullable Name target(Json object) {
    return object.has("target") ? Name.of(object.get("target").text()) : null;
  }
}
