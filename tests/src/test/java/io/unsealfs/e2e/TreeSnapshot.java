package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.fail;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.local.LocalTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Everything a program can see of a tree: bytes of paths to {@link TreeEntry}. The same comparison
 * serves a mounted tree, an exported one and a vector's manifest.
 */
record TreeSnapshot(SortedMap<Name, TreeEntry> entries) {
  private static final Name USER = Name.of("user.");
  private static final int DIFFERENCES_SHOWN = 20;

  /** Larger files are holes for the most part; their data is compared by ranges. */
  private static final long MOST_HASHED = 192L << 20;

  /** Reads all of a directory; a mount of another process, or ordinary files. */
  static TreeSnapshot of(Path directory) throws IOException {
    try (FileTree tree = LocalTree.open(directory)) {
      return of(tree);
    }
  }

  /** Reads all of a tree. */
  static TreeSnapshot of(FileTree tree) throws IOException {
    SortedMap<Name, Node> nodes = new TreeMap<>();
    collect(tree, new byte[0], tree.root(), nodes);
    SortedMap<Name, TreeEntry> entries = new TreeMap<>();
    Map<Long, Name> firstNames = new HashMap<>();
    for (Map.Entry<Name, Node> found : nodes.entrySet()) {
      Node node = found.getValue();
      Name first = null;
      if (node.kind() == NodeKind.FILE && node.attributes().linkCount() > 1) {
        first = firstNames.putIfAbsent(node.attributes().fileId(), found.getKey());
      }
      entries.put(found.getKey(), entry(tree, found.getKey(), node, first));
    }
    return new TreeSnapshot(entries);
  }

  private static void collect(FileTree tree, byte[] path, Node node, SortedMap<Name, Node> nodes)
      throws IOException {
    nodes.put(Name.of(path), node);
    if (node.kind() != NodeKind.DIRECTORY) {
      return;
    }
    for (DirectoryEntry entry : tree.list(node)) {
      Node child = tree.lookup(node, entry.name());
      if (child.kind() != entry.kind()) {
        fail("the listing says " + entry + ", the object is " + child.attributes());
      }
      collect(tree, join(path, entry.name()), child, nodes);
    }
  }

  private static byte[] join(byte[] path, Name name) {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    joined.writeBytes(path);
    if (path.length > 0) {
      joined.write('/');
    }
    joined.writeBytes(name.toBytes());
    return joined.toByteArray();
  }

  private static TreeEntry entry(
      FileTree tree, Name path, Node node, @org.jspecify.annotations.Nullable Name first)
      throws IOException {
    Attributes attributes = node.attributes();
    boolean file = attributes.kind() == NodeKind.FILE;
    boolean link = attributes.kind() == NodeKind.SYMLINK;
    return new TreeEntry(
        attributes.kind(),
        attributes.mode(),
        attributes.uid(),
        attributes.gid(),
        path.length() == 0 ? null : attributes.modifiedSeconds(),
        file || link ? attributes.size() : 0,
        file && attributes.size() <= MOST_HASHED ? sha256(tree, node) : null,
        file ? attributes.linkCount() : 0,
        first,
        link ? tree.readLink(node) : null,
        file || attributes.kind() == NodeKind.DIRECTORY ? xattrs(tree, node) : new TreeMap<>());
  }

  private static SortedMap<Name, String> xattrs(FileTree tree, Node node) throws IOException {
    SortedMap<Name, String> xattrs = new TreeMap<>();
    for (Name name : tree.listXattrs(node)) {
      if (name.startsWith(USER)) {
        xattrs.put(name, Base64.getEncoder().encodeToString(tree.xattr(node, name)));
      }
    }
    return xattrs;
  }

  private static String sha256(FileTree tree, Node file) throws IOException {
    MessageDigest digest = newSha256();
    ByteBuffer buffer = ByteBuffer.allocate(1 << 17);
    try (Source source = tree.open(file)) {
      long offset = 0;
      while (true) {
        buffer.clear();
        int read = source.read(offset, buffer);
        if (read == 0) {
          break;
        }
        offset += read;
        digest.update(buffer.flip());
      }
      if (offset != source.size()) {
        throw new IOException(file.location() + ": " + offset + " bytes instead of its size");
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** The same tree with the set-user-id and set-group-id bits of files taken away. */
  TreeSnapshot withoutSetIdBitsOfFiles() {
    SortedMap<Name, TreeEntry> changed = new TreeMap<>();
    entries.forEach((path, e) ->
        changed.put(
            path,
            e.kind() != NodeKind.FILE
                ? e
                : new TreeEntry(
                    e.kind(),
                    e.mode() & ~06000,
                    e.uid(),
                    e.gid(),
                    e.modifiedSeconds(),
                    e.size(),
                    e.sha256(),
                    e.linkCount(),
                    e.hardLinkOf(),
                    e.target(),
                    e.xattrs())));
    return new TreeSnapshot(changed);
  }

  /** Fails with a list of what differs, if anything does. */
  void assertEqualTo(TreeSnapshot expected) {
    List<String> differences = new ArrayList<>();
    SortedMap<Name, TreeEntry> all = new TreeMap<>(expected.entries);
    all.putAll(entries);
    for (Name path : all.keySet()) {
      TreeEntry wanted = expected.entries.get(path);
      TreeEntry seen = entries.get(path);
      if (!Objects.equals(wanted, seen)) {
        differences.add("'" + path + "'\n  expected " + wanted + "\n  but was  " + seen);
      }
    }
    if (!differences.isEmpty()) {
      fail(
          differences.size()
              + " entries differ:\n"
              + String.join(
                  "\n", differences.subList(0, Math.min(DIFFERENCES_SHOWN, differences.size()))));
    }
  }
}
