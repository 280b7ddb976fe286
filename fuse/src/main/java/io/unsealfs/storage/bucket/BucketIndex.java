package io.unsealfs.storage.bucket;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.object.KeyFault;
import io.unsealfs.storage.object.ListingVisitor;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.StoreProtocolException;
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

  private final String what;
  private final long entriesMost;
  private final Growing root = new Growing();
  private final Map<KeyFault, Integer> faults = new EnumMap<>(KeyFault.class);
  private final List<String> examples = new ArrayList<>();
  private long objects;
  private long directories;
  private long untagged;
  private long archived;
  private long bytes;
  private long ids;
  private long added;
  private long removed;
  private long replaced;

  /**
   * Empty.
   *
   * @param what is listed, for people
   * @param entriesMost files and directories after which the listing is refused: one key may make
   *     five hundred directories
   */
  BucketIndex(String what, long entriesMost) {
    this.what = what;
    this.entriesMost = entriesMost;
  }

  @Override
  public void object(String path, ObjectVersion version) throws StoreProtocolException {
    Growing directory = root;
    int start = 0;
    for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', start)) {
      String name = path.substring(start, slash);
      Growing below = directory.directories.get(name);
      if (below == null) {
        directories++;
        requireRoom();
        below = new Growing();
        directory.directories.put(name, below);
      }
      directory = below;
      start = slash + 1;
    }
    if (start < path.length()) {
      directory.files.put(path.substring(start), version);
      objects++;
      requireRoom();
      bytes += version.size();
      untagged += version.etag().isEmpty() ? 1 : 0;
      archived += version.archived() ? 1 : 0;
    }
  }

  private void requireRoom() throws StoreProtocolException {
    if (objects + directories > entriesMost) {
      throw new StoreProtocolException(
          "listing "
              + what
              + ": more than "
              + entriesMost
              + " files and directories; choose a longer prefix, or check the store");
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
    return build(tree, null, 0);
  }

  /**
   * The same, after another listing: what is as it was keeps its id and its content.
   *
   * @param earlier root of the tree before; null for none
   * @param lastId that was given to a node so far
   */
  BucketNode build(BucketTree tree, @Nullable BucketNode earlier, long lastId) {
    ids = lastId;
    BucketNode node =
        new BucketNode(tree, null, Name.of(""), earlier == null ? ++ids : earlier.fileId(), null);
    build(tree, node, root, earlier);
    return node;
  }

  private void build(
      BucketTree tree, BucketNode node, Growing growing, @Nullable BucketNode earlier) {
    List<BucketNode> children = new ArrayList<>();
    int known = 0;
    for (Map.Entry<String, Growing> entry : growing.directories.entrySet()) {
      Name name = Name.of(entry.getKey());
      if (growing.files.remove(entry.getKey()) != null) {
        skipped(KeyFault.FILE_AND_DIRECTORY, name.toString());
      }
      BucketNode there = earlier == null ? null : earlier.child(name);
      BucketNode before = there != null && there.version() == null ? there : null;
      known += before == null ? 0 : 1;
      added += before == null ? 1 : 0;
      BucketNode child =
          new BucketNode(tree, node, name, before == null ? ++ids : before.fileId(), null);
      build(tree, child, entry.getValue(), before);
      children.add(child);
    }
    growing.directories.clear();
    for (Map.Entry<String, ObjectVersion> entry : growing.files.entrySet()) {
      Name name = Name.of(entry.getKey());
      BucketNode before = earlier == null ? null : earlier.child(name);
      known += before != null && before.version() != null ? 1 : 0;
      children.add(file(tree, node, name, entry.getValue(), before));
    }
    growing.files.clear();
    node.complete(children.toArray(new BucketNode[0]));
    if (earlier != null) {
      removed += earlier.children().length - known;
    }
  }

  private BucketNode file(
      BucketTree tree,
      BucketNode directory,
      Name name,
      ObjectVersion version,
      @Nullable BucketNode before) {
    if (before == null || before.version() == null) {
      added++;
      return new BucketNode(tree, directory, name, ++ids, version);
    }
    if (!before.hasBytesOf(version)) {
      replaced++;
      return new BucketNode(tree, directory, name, ++ids, version);
    }
    if (!version.equals(before.version())) {
      replaced++; // the same bytes, put there again
    }
    BucketNode same = new BucketNode(tree, directory, name, before.fileId(), version);
    byte[] kept = before.kept();
    if (kept != null) {
      same.keep(kept);
    }
    return same;
  }

  /** What is different from the tree before. */
  BucketTree.Change change() {
    return new BucketTree.Change(added, removed, replaced);
  }

  /** Objects that are files or were left out as clashing with a directory. */
  long objects() {
    return objects;
  }

  /** Those of them that came without an entity tag. */
  long untagged() {
    return untagged;
  }

  /** Bytes of all of them. */
  long bytes() {
    return bytes;
  }

  /** The last id that a node was given. */
  long lastId() {
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
      remarks.add(archived + " objects are in an archive class: those not restored cannot be read");
    }
    return remarks.isEmpty() ? null : String.join("; ", remarks);
  }
}
