package io.unsealfs.storage.local;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import java.util.Arrays;

/** A node of a {@link LocalTree}: the path it was looked up by, relative to the root. */
final class LocalNode implements Node {
  private final LocalTree tree;
  private final byte[] path;
  private final Attributes attributes;

  LocalNode(LocalTree tree, byte[] path, Attributes attributes) {
    this.tree = tree;
    this.path = path;
    this.attributes = attributes;
  }

  /** The path's own bytes; not to be changed. Empty for the root. */
  byte[] path() {
    return path;
  }

  boolean isOf(LocalTree other) {
    return tree == other;
  }

  /** The path of the entry {@code name} of this directory. */
  byte[] child(byte[] name) {
    if (path.length == 0) {
      return name;
    }
    byte[] child = Arrays.copyOf(path, path.length + 1 + name.length);
    child[path.length] = '/';
    System.arraycopy(name, 0, child, path.length + 1, name.length);
    return child;
  }

  @Override
  public Attributes attributes() {
    return attributes;
  }

  @Override
  public String location() {
    return location(path);
  }

  static String location(byte[] path) {
    return path.length == 0 ? "." : Name.of(path).toString();
  }

  @Override
  public String toString() {
    return location();
  }
}
