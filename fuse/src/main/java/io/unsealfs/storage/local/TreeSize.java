package io.unsealfs.storage.local;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/**
 * How much there is to copy, for a progress bar.
 *
 * @param files regular files, each counted once however many names it has
 * @param plaintextBytes bytes of content
 */
public record TreeSize(long files, long plaintextBytes) {

  /** Walks {@code tree}; what is damaged is not counted. */
  public static TreeSize of(FileTree tree) throws IOException {
    long files = 0;
    long bytes = 0;
    Set<Long> linked = new HashSet<>();
    Deque<Node> pending = new ArrayDeque<>();
    pending.push(tree.root());
    while (!pending.isEmpty()) {
      Node directory = pending.pop();
      try {
        for (DirectoryEntry entry : tree.list(directory)) {
          Node node = tree.lookup(directory, entry.name());
          boolean again =
              node.attributes().linkCount() > 1 && !linked.add(node.attributes().fileId());
          if (node.kind() == NodeKind.DIRECTORY) {
            pending.push(node);
          } else if (node.kind() == NodeKind.FILE && !again) {
            files++;
            bytes += node.attributes().size();
          }
        }
      } catch (IntegrityException e) {
        // Whoever copies the tree reports it.
      }
    }
    return new TreeSize(files, bytes);
  }
}
