package io.unsealfs.storage.bucket;

import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.object.ObjectVersion;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A file or directory of a {@link BucketTree}. Immutable once its index is complete. */
final class BucketNode implements Node {
  private static final BucketNode[] NONE = {};
  private static final int FILE_MODE = 0444;
  private static final int DIRECTORY_MODE = 0555;
  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final int STAT_BLOCK_BYTES = 512;

  private final BucketTree tree;
  private final @Nullable BucketNode parent;
  private final Name name;
  private final long fileId;
  private final @Nullable ObjectVersion version;
  private BucketNode[] children = NONE;
  private long modifiedMillis;
  private volatile byte @Nullable [] kept;

  /**
   * A node of {@code tree}.
   *
   * @param version null for a directory
   */
  BucketNode(
      BucketTree tree,
      @Nullable BucketNode parent,
      Name name,
      long fileId,
      @Nullable ObjectVersion version) {
    this.tree = tree;
    this.parent = parent;
    this.name = name;
    this.fileId = fileId;
    this.version = version;
    this.modifiedMillis = version == null ? 0 : version.modifiedMillis();
  }

  /** Gives a directory its entries, once. */
  void complete(BucketNode[] entries) {
    Arrays.sort(entries, (a, b) -> a.name.compareTo(b.name));
    children = entries;
    for (BucketNode entry : entries) {
      modifiedMillis = Math.max(modifiedMillis, entry.modifiedMillis);
    }
  }

  boolean isOf(BucketTree other) {
    return tree == other;
  }

  Name name() {
    return name;
  }

  long fileId() {
    return fileId;
  }

  /** The object behind a file, null for a directory. */
  @Nullable ObjectVersion version() {
    return version;
  }

  /** Whether it belongs to the tree of {@code root}. */
  boolean isBelow(BucketNode root) {
    BucketNode top = this;
    for (BucketNode above = parent; above != null; above = above.parent) {
      top = above;
    }
    return top == root;
  }

  /** What is in its place below another root; null if nothing is. */
  @Nullable BucketNode counterpart(BucketNode root) {
    BucketNode above = parent;
    if (above == null) {
      return root;
    }
    BucketNode directory = above.counterpart(root);
    return directory == null ? null : directory.child(name);
  }

  /** Whether a file has just the bytes of {@code listed}. */
  boolean hasBytesOf(ObjectVersion listed) {
    ObjectVersion own = version;
    return own != null
        && own.size() == listed.size()
        && own.etag().equals(listed.etag())
        && (own.etag().isPresent() || own.modifiedMillis() == listed.modifiedMillis());
  }

  /** The entries of a directory, in the order of their names; not to be changed. */
  BucketNode[] children() {
    return children;
  }

  /** The entry of that name, or null. */
  @Nullable BucketNode child(Name wanted) {
    int low = 0;
    int high = children.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = children[middle].name.compareTo(wanted);
      if (order == 0) {
        return children[middle];
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return null;
  }

  /** The whole content, if it is kept in memory; not to be changed. */
  byte @Nullable [] kept() {
    return kept;
  }

  void keep(byte[] content) {
    kept = content;
  }

  @Override
  public NodeKind kind() {
    return version == null ? NodeKind.DIRECTORY : NodeKind.FILE;
  }

  @Override
  public Attributes attributes() {
    boolean directory = version == null;
    long size = version == null ? 0 : version.size();
    long modifiedNanos =
        Math.clamp(
                modifiedMillis, Long.MIN_VALUE / NANOS_PER_MILLI, Long.MAX_VALUE / NANOS_PER_MILLI)
            * NANOS_PER_MILLI;
    return new Attributes(
        kind(),
        fileId,
        size,
        Math.ceilDiv(size, (long) STAT_BLOCK_BYTES),
        directory ? DIRECTORY_MODE : FILE_MODE,
        0,
        0,
        directory ? 2 : 1,
        modifiedNanos,
        modifiedNanos,
        0);
  }

  @Override
  public String location() {
    BucketNode above = parent;
    if (above == null) {
      return ".";
    }
    return above.parent == null ? name.toString() : above.location() + "/" + name;
  }

  @Override
  public String toString() {
    return location();
  }
}
