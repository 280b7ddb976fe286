package io.unsealfs.volume.ext4;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.Node;
import org.jspecify.annotations.Nullable;

/** An inode, and the directory it was found in. */
final class Ext4Node implements Node {
  private final Ext4Tree tree;
  private final @Nullable Ext4Node parent;
  private final int depth;
  private final Attributes attributes;

  /** A node found in {@code parent}, which only the root lacks. */
  Ext4Node(Ext4Tree tree, @Nullable Ext4Node parent, Attributes attributes) {
    this.tree = tree;
    this.parent = parent;
    this.depth = parent == null ? 0 : parent.depth + 1;
    this.attributes = attributes;
  }

  boolean isOf(Ext4Tree other) {
    return tree == other;
  }

  long inode() {
    return attributes.fileId();
  }

  /** Number of directories above it. */
  int depth() {
    return depth;
  }

  /** The inode of the directory it was found in; of the root, its own. */
  long parentInode() {
    return parent == null ? inode() : parent.inode();
  }

  /** Whether it is the directory {@code inode}, or lies below it. */
  boolean isBelow(long inode) {
    for (Ext4Node node = this; node != null; node = node.parent) {
      if (node.inode() == inode) {
        return true;
      }
    }
    return false;
  }

  @Override
  public Attributes attributes() {
    return attributes;
  }

  /** The inode, never a name: names are what the encryption around the device hides. */
  @Override
  public String location() {
    return "inode " + inode();
  }
}
