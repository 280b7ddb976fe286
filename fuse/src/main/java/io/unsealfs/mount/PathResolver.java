package io.unsealfs.mount;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Arrays;

/**
 * Finds the node behind a path as libfuse gives it: bytes, {@code /} for the root, no trailing
 * slash. Directories on the way are remembered, so that a path costs one lookup and not one per
 * component.
 */
final class PathResolver {
  private static final int REMEMBERED_DIRECTORIES = 4096;

  private final FileTree tree;
  private final Cache<Name, Node> directories =
      Caffeine.newBuilder()
          .maximumSize(REMEMBERED_DIRECTORIES)
          // the housekeeping is short, and a pool of threads would outlive the mount
          .executor(Runnable::run)
          .build();

  PathResolver(FileTree tree) {
    this.tree = tree;
  }

  /** The node at {@code path}; a symbolic link is not followed. */
  Node resolve(byte[] path) throws IOException {
    if (path.length == 0 || path[0] != '/') {
      throw new NoSuchFileException(Name.of(path).toString());
    }
    if (path.length == 1) {
      return tree.root();
    }
    int cut = slashBefore(path, path.length);
    Node parent = directory(path, cut);
    return tree.lookup(parent, part(path, cut + 1, path.length));
  }

  /** Forgets all directories. */
  void clear() {
    directories.invalidateAll();
  }

  /** The directory named by the first {@code end} bytes of {@code path}; 0 is the root. */
  private Node directory(byte[] path, int end) throws IOException {
    int known = end;
    Node node = null;
    while (known > 0) {
      node = directories.getIfPresent(part(path, 0, known));
      if (node != null) {
        break;
      }
      known = slashBefore(path, known);
    }
    if (node == null) {
      node = tree.root();
    }
    while (known < end) {
      int next = slashFrom(path, known + 1, end);
      node = tree.lookup(node, part(path, known + 1, next));
      if (node.kind() != NodeKind.DIRECTORY) {
        throw new NotDirectoryException(node.location());
      }
      directories.put(part(path, 0, next), node);
      known = next;
    }
    return node;
  }

  private static Name part(byte[] path, int from, int to) {
    return Name.of(Arrays.copyOfRange(path, from, to));
  }

  private static int slashBefore(byte[] path, int end) {
    int i = end - 1;
    while (i > 0 && path[i] != '/') {
      i--;
    }
    return i;
  }

  private static int slashFrom(byte[] path, int start, int end) {
    int i = start;
    while (i < end && path[i] != '/') {
      i++;
    }
    return i;
  }
}
