package io.unsealfs.volume.ext4;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Compares two trees in everything that a user can see. */
final class Comparison {
  private static final Name LOST_AND_FOUND = Name.of("lost+found");
  private static final int STEP = 1 << 20;

  private final FileTree expected;
  private final FileTree actual;
  private final boolean sameInodes;
  private final Map<Long, Long> files = new HashMap<>();
  private int nodes;

  /**
   * A comparison.
   *
   * @param sameInodes whether also inode numbers, link counts and allocated blocks are the same
   */
  Comparison(FileTree expected, FileTree actual, boolean sameInodes) {
    this.expected = expected;
    this.actual = actual;
    this.sameInodes = sameInodes;
  }

  /** Compares all; returns the number of nodes. */
  int run() throws IOException {
    compare(expected.root(), actual.root(), "");
    return nodes;
  }

  private void compare(Node left, Node right, String path) throws IOException {
    nodes++;
    attributes(left, right, path);
    TreeMap<Name, byte[]> values = new TreeMap<>();
    for (Name name : expected.listXattrs(left)) {
      values.put(name, expected.xattr(left, name));
    }
    TreeMap<Name, byte[]> found = new TreeMap<>();
    for (Name name : actual.listXattrs(right)) {
      found.put(name, actual.xattr(right, name));
    }
    assertEquals(values.keySet(), found.keySet(), path);
    values.forEach((name, value) -> assertArrayEquals(value, found.get(name), path + " " + name));
    switch (left.kind()) {
      case FILE -> contents(left, right, path);
      case SYMLINK -> assertEquals(expected.readLink(left), actual.readLink(right), path);
      case DIRECTORY -> {
        Map<Name, NodeKind> names = names(expected, left);
        assertEquals(names, names(actual, right), path);
        for (Name name : names.keySet()) {
          compare(expected.lookup(left, name), actual.lookup(right, name), path + "/" + name);
        }
      }
      case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> {}
    }
  }

  private static Map<Name, NodeKind> names(FileTree tree, Node directory) throws IOException {
    TreeMap<Name, NodeKind> names = new TreeMap<>();
    List<DirectoryEntry> entries = tree.list(directory);
    for (DirectoryEntry entry : entries) {
      if (!entry.name().equals(LOST_AND_FOUND)) {
        names.put(entry.name(), entry.kind());
      }
    }
    assertEquals(
        entries.size(),
        names.size() + (int) entries.stream().filter(e -> e.name().equals(LOST_AND_FOUND)).count());
    return names;
  }

  private void attributes(Node left, Node right, String path) {
    Attributes a = left.attributes();
    Attributes b = right.attributes();
    assertEquals(a.kind(), b.kind(), path);
    assertEquals(a.mode(), b.mode(), path);
    assertEquals(a.uid(), b.uid(), path);
    assertEquals(a.gid(), b.gid(), path);
    assertEquals(a.deviceNumber(), b.deviceNumber(), path);
    if (a.kind() != NodeKind.DIRECTORY) {
      assertEquals(a.size(), b.size(), path);
      assertEquals(a.linkCount(), b.linkCount(), path);
      assertEquals(
          files.computeIfAbsent(a.fileId(), id -> b.fileId()), b.fileId(), path + ": hard links");
    }
    if (sameInodes) {
      assertEquals(a.size(), b.size(), path);
      assertEquals(a.linkCount(), b.linkCount(), path);
      assertEquals(a.blocks(), b.blocks(), path);
      assertEquals(a.modifiedNanos(), b.modifiedNanos(), path);
      assertEquals(a.changedNanos(), b.changedNanos(), path);
    } else if (!path.isEmpty()) {
      assertEquals(a.modifiedSeconds(), b.modifiedSeconds(), path);
    }
  }

  private void contents(Node left, Node right, String path) throws IOException {
    try (Source a = expected.open(left);
        Source b = actual.open(right)) {
      assertEquals(a.size(), b.size(), path);
      ByteBuffer wanted = ByteBuffer.allocate(STEP);
      ByteBuffer got = ByteBuffer.allocate(STEP);
      for (long at = 0; at < a.size(); at += STEP) {
        a.read(at, wanted.clear());
        b.read(at, got.clear());
        assertEquals(wanted.flip(), got.flip(), path + " at " + at);
      }
    }
  }
}
