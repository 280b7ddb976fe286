package io.unsealfs.storage;

/**
 * One file, directory or other object of a {@link FileTree}. Handed out by a tree and given back to
 * the same tree; what else an implementation keeps in it (a ciphertext path, an inode) is its own
 * business. Immutable.
 */
public interface Node {

  /** The attributes the node had when it was looked up. */
  Attributes attributes();

  /** Shorthand for {@code attributes().kind()}. */
  default NodeKind kind() {
    return attributes().kind();
  }

  /**
   * Where the bytes behind this node are, for logs and error texts: the ciphertext path relative to
   * the volume, never a plaintext name of an encrypted tree.
   */
  String location();
}
