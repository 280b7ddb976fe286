package io.unsealfs.volume.gocryptfs;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.Node;

/** A node of the plaintext tree and what it is stored as. */
final class PlaintextNode implements Node {
  private final GocryptfsTree tree;
  private final Node stored;
  private final Attributes attributes;
  private final boolean root;
  private final boolean indexAtEnd;

  /**
   * A node.
   *
   * @param indexAtEnd whether its name says that its reader will want its end first
   */
  PlaintextNode(
      GocryptfsTree tree, Node stored, Attributes attributes, boolean root, boolean indexAtEnd) {
    this.indexAtEnd = indexAtEnd;
    this.tree = tree;
    this.stored = stored;
    this.attributes = attributes;
    this.root = root;
  }

  boolean isOf(GocryptfsTree other) {
    return tree == other;
  }

  Node stored() {
    return stored;
  }

  boolean isRoot() {
    return root;
  }

  boolean hasIndexAtEnd() {
    return indexAtEnd;
  }

  @Override
  public Attributes attributes() {
    return attributes;
  }

  @Override
  public String location() {
    return stored.location();
  }
}
