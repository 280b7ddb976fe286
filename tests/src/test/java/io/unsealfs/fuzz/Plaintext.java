package io.unsealfs.fuzz;

import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Walks and reads plaintext trees. */
final class Plaintext {
  private static final int MAX_NODES = 10_000;

  private Plaintext() {}

  /** All objects below the root, and the root. */
  static List<Node> nodes(FileTree tree) throws IOException {
    List<Node> nodes = new ArrayList<>();
    Deque<Node> pending = new ArrayDeque<>();
    pending.add(tree.root());
    while (!pending.isEmpty() && nodes.size() < MAX_NODES) {
      Node node = pending.remove();
      nodes.add(node);
      if (node.kind() == NodeKind.DIRECTORY) {
        for (DirectoryEntry entry : tree.list(node)) {
          pending.add(tree.lookup(node, entry.name()));
        }
      }
    }
    return nodes;
  }

  /** All bytes of a file. */
  static byte[] read(FileTree tree, Node file) throws IOException {
    try (Source source = tree.open(file)) {
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(source.size()));
      int read = source.read(0, bytes);
      if (read != bytes.capacity() || bytes.hasRemaining()) {
        throw new AssertionError("short read of " + file.location());
      }
      return bytes.array();
    }
  }

  /** The node of the object with that stored name in the root. */
  static Node child(FileTree tree, Node directory, Name name) throws IOException {
    return tree.lookup(directory, name);
  }
}
