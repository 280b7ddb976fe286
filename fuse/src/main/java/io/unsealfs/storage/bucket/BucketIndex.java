package io.unsealfs.storage.bucket;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.object.KeyFault;
import io.unsealfs.storage.object.ListingVisitor;
import io.unsealfs.storage.object.ObjectVersion;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes a tree of the keys of a listing. Directories are inferred; their markers ({@code key/}, no
 * bytes) say nothing more. Where one key is a file and others make it a directory, the file is left
 * out. Not thread-safe.
 */
final class BucketIndex implements ListingVisitor {
  /** What is left out is told by name only so often. */
  private static final int EXAMPLES_MOST = 5;

  /** A directory under construction; a node that is no directory has none. */
  private static final class Growing {
    final Map<String, Growing> directories = new HashMap<>();
    final Map<String, ObjectVersion> files = new HashMap<>();
  }

  private final Growing root = new Growing();
  private final Map<KeyFault, Integer> faults = new EnumMap<>(KeyFault.class);
  private final List<String> examples = new ArrayList<>();
  private long objects;
  private long archived;
  private long bytes;
  private long ids;

  @Override
  public void object(String path, ObjectVersion version) {
    Growing directory = root;
    int start = 0;
    for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', start)) {
      directory =
          directory.directories.computeIfAbsent(
              path.substring(start, slash), name -> new Growing());
      start = slash + 1;
    }
    if (start < path.length()) {
      directory.files.put(path.substring(start), version);
      objects++;
      bytes += version.size();
      archived += version.archived() ? 1 : 0;
    }
  }

  @Override
  public void skipped(KeyFault fault, String shownKey) {
    faults.merge(fault, 1, Integer::sum);
    if (examples.size() < EXAMPLES_MOST && !shownKey.isEmpty()) {
      examples.add(shownKey);
    }
  }

  /** The root of all that was told, as nodes of {@code tree}. */
  BucketNode build(BucketTree tree) {
    BucketNode node = new BucketNode(tree, null, Name.of(""), ++ids, null);
    build(tree, node, root);
    return node;
  }

  private void build(BucketTree tree, BucketNode node, Growing growing) {
    List<BucketNode> children = new ArrayList<>();
    growing.directories.forEach((name, below) -> {
      if (growing.files.remove(name) != null) {
        skipped(KeyFault.FILE_AND_DIRECTORY, Name.of(name).toString());
      }
      BucketNode child = new BucketNode(tree, node, Name.of(name), ++ids, null);
      build(tree, child, below);
      children.add(child);
    });
    growing.directories.clear();
    growing.files.forEach(
        (name, version) -> children.add(new BucketNode(tree, node, Name.of(name), ++ids, version)));
    growing.files.clear();
    node.complete(children.toArray(new BucketNode[0]));
  }

  /** Objects that are files or were left out as clashing with a directory. */
  long objects() {
    return objects;
  }

  /** Bytes of all of them. */
  long bytes() {
    return bytes;
  }

  /** Nodes made. */
  long nodes() {
    return ids;
  }

  /** Keys left out, by reason. */
  Map<KeyFault, Integer> faults() {
    return Map.copyOf(faults);
  }

  /** What whoever mounts should know of the listing, in one line; null if there is nothing. */
  @Nullable String remarks() {
    List<String> remarks = new ArrayList<>();
    if (!faults.isEmpty()) {
      remarks.add(
          "keys that cannot be files are left out: "
              + faults
              + (examples.isEmpty() ? "" : ", such as " + String.join(", ", examples)));
    }
    if (archived > 0) {
      remarks.add(
          archived + " objects are in an archive class: they cannot be read until restored");
    }
    return remarks.isEmpty() ? null : String.join("; ", remarks);
  }
}
