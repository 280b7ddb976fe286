package io.unsealfs.mount.kernel;

import io.unsealfs.mount.PathText;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import org.jspecify.annotations.Nullable;

/** A node the kernel knows by number. */
final class Inode implements PathText {
  /** The root's number, {@code FUSE_ROOT_ID}. */
  static final long ROOT_ID = 1;

  private final long id;
  private final @Nullable Inode parent;
  private final Name name;
  private volatile Node node;

  /** The kernel's references; guarded by {@link Inodes}. */
  long references;

  /** A node found as {@code name} in {@code parent}, which only the root lacks. */
  Inode(long id, @Nullable Inode parent, Name name, Node node) {
    this.id = id;
    this.parent = parent;
    this.name = name;
    this.node = node;
  }

  long id() {
    return id;
  }

  boolean isRoot() {
    return id == ROOT_ID;
  }

  /** Number of the directory it was found in; of the root, its own. */
  long parentId() {
    return parent == null ? id : parent.id;
  }

  /** The directory it was found in; of the root, itself. */
  Inode parentOrSelf() {
    return parent == null ? this : parent;
  }

  Name name() {
    return name;
  }

  Node node() {
    return node;
  }

  /** Takes newer attributes of the same file. */
  void refresh(Node found) {
    node = found;
  }

  /** Whether {@code found} is this very file, so that the kernel may keep what it cached. */
  boolean isStill(Node found) {
    return node.kind() == found.kind() && node.attributes().fileId() == found.attributes().fileId();
  }

  @Override
  public String text() {
    StringBuilder path = new StringBuilder();
    for (Inode inode = this; inode.parent != null; inode = inode.parent) {
      path.insert(0, inode.name).insert(0, '/');
    }
    return path.isEmpty() ? "/" : path.toString();
  }
}
