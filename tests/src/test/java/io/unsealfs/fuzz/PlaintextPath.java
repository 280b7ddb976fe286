package io.unsealfs.fuzz;

import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Names from the root to an object, to find it again after its ciphertext was changed. */
record PlaintextPath(List<Name> names) {

  /** Paths of all objects of that kind, shallow ones first. */
  static List<PlaintextPath> all(FileTree tree, NodeKind kind) throws IOException {
    List<PlaintextPath> directories = new ArrayList<>();
    List<PlaintextPath> found = new ArrayList<>();
    directories.add(new PlaintextPath(List.of()));
    for (int i = 0; i < directories.size(); i++) {
      PlaintextPath directory = directories.get(i);
      for (DirectoryEntry entry : tree.list(directory.find(tree))) {
        PlaintextPath path = directory.child(entry.name());
        if (entry.kind() == kind) {
          found.add(path);
        }
        if (entry.kind() == NodeKind.DIRECTORY) {
          directories.add(path);
        }
      }
    }
    return found;
  }

  private PlaintextPath child(Name name) {
    List<Name> longer = new ArrayList<>(names);
    longer.add(name);
    return new PlaintextPath(List.copyOf(longer));
  }

  /** The object that is there now. */
  Node find(FileTree tree) throws IOException {
    Node node = tree.root();
    for (Name name : names) {
      node = tree.lookup(node, name);
    }
    return node;
  }
}
