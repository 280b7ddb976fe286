package io.unsealfs.daemon;

import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import java.io.IOException;
import java.nio.file.NoSuchFileException;

/** Finds the node behind a path typed by a user. Links are not followed. */
final class TreePath {
  private TreePath() {}

  static Node resolve(FileTree tree, String path) throws IOException {
    Node node = tree.root();
    for (String component : path.split("/", -1)) {
      if (component.isEmpty() || component.equals(".")) {
        continue;
      }
      if (component.equals("..")) {
        throw new UsageException(path + ": write the path without ..");
      }
      try {
        node = tree.lookup(node, Name.of(component));
      } catch (NoSuchFileException e) {
        throw new NoSuchFileException(path, null, "no such file in the volume");
      }
    }
    return node;
  }
}
