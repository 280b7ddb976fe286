package io.unsealfs.storage.bucket;

import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.chunk.ChunkStore;
import io.unsealfs.storage.chunk.RetryPolicy;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.KeyFault;
import io.unsealfs.storage.object.ObjectArchivedException;
import io.unsealfs.storage.object.ObjectListing;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectVersion;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The objects below a prefix, as they were when it was listed. Names, attributes and what is not
 * there cost no request; only bytes do, through a {@link ChunkStore}.
 *
 * <p>The file id of a regular file stands for the version that was listed: an object replaced since
 * is refused with {@link io.unsealfs.storage.StaleSourceException}. Object stores have no links,
 * owners or extended attributes.
 */
public final class BucketTree implements FileTree {
  /** Keys below one prefix: about 200 bytes of memory each. */
  private static final long OBJECTS_MOST = 4_000_000;

  private static final int STATISTICS_BLOCK_BYTES = 4096;

  private final ChunkStore chunks;
  private final BucketNode root;
  private final Summary summary;

  /**
   * What a listing found.
   *
   * @param objects files
   * @param bytes of all files
   * @param kept small objects fetched at once and kept
   * @param skipped keys left out, by reason
   * @param nanos how long listing and keeping took
   */
  public record Summary(
      long objects, long bytes, long kept, Map<KeyFault, Integer> skipped, long nanos) {
    /** Copies the map. */
    public Summary {
      skipped = Map.copyOf(skipped);
    }
  }

  private BucketTree(ChunkStore chunks, BucketIndex index, Predicate<Name> kept, long beganNanos) {
    this.chunks = chunks;
    this.root = index.build(this);
    long keptObjects = KeptObjects.fetch(root, kept, chunks);
    this.summary =
        new Summary(
            index.objects(),
            index.bytes(),
            keptObjects,
            index.faults(),
            System.nanoTime() - beganNanos);
  }

  /**
   * Lists what is below {@code prefix} of {@code store}.
   *
   * @param prefix empty, or ending in a slash
   * @param chunks reads objects of {@code store}; closed with the tree, not if this throws
   * @param kept which small objects the format needs first; fetched at once and kept
   * @param retries how a page is asked for again
   * @param warnings receives one line if keys had to be left out
   * @throws NoSuchFileException if there is nothing
   */
  public static BucketTree open(
      ObjectStore store,
      String prefix,
      ChunkStore chunks,
      Predicate<Name> kept,
      RetryPolicy retries,
      Consumer<String> warnings)
      throws IOException {
    long began = System.nanoTime();
    BucketIndex index = new BucketIndex();
    Cancellation never = Cancellation.none();
    ObjectListing.walk(
        store,
        prefix,
        OBJECTS_MOST,
        index,
        never,
        (s, p, depth, continuation, ofPart) ->
            retries.repeat(() -> s.list(p, depth, continuation, ofPart)));
    if (index.objects() == 0) {
      throw new NoSuchFileException(
          store.location() + ": no object below \"" + Name.of(prefix) + "\"");
    }
    BucketTree tree = new BucketTree(chunks, index, kept, began);
    String remarks = index.remarks();
    if (remarks != null) {
      warnings.accept(store.location() + ": " + remarks);
    }
    return tree;
  }

  /** What the listing found. */
  public Summary summary() {
    return summary;
  }

  @Override
  public Node root() {
    return root;
  }

  @Override
  public Node lookup(Node directory, Name name) throws IOException {
    BucketNode parent = directory(directory);
    if (name.length() > NAME_MAX) {
      throw new NameTooLongException(name + ": longer than " + NAME_MAX + " bytes");
    }
    BucketNode child = parent.child(name);
    if (child == null) {
      throw new NoSuchFileException(parent.location() + "/" + name);
    }
    return child;
  }

  @Override
  public List<DirectoryEntry> list(Node directory) throws IOException {
    BucketNode[] children = directory(directory).children();
    List<DirectoryEntry> entries = new ArrayList<>(children.length);
    for (BucketNode child : children) {
      entries.add(new DirectoryEntry(child.name(), child.kind(), child.fileId()));
    }
    return entries;
  }

  @Override
  public Source open(Node file) throws IOException {
    BucketNode node = own(file);
    ObjectVersion version = node.version();
    if (version == null) {
      throw new IllegalNodeException(node.location() + ": not a regular file");
    }
    byte[] kept = node.kept();
    if (kept != null) {
      return new KeptSource(kept);
    }
    if (version.archived()) {
      throw new ObjectArchivedException(
          node.location() + ": in an archive class: restore the object, then mount again");
    }
    return chunks.open(version);
  }

  @Override
  public Name readLink(Node link) throws IOException {
    throw new IllegalNodeException(own(link).location() + ": not a symbolic link");
  }

  @Override
  public List<Name> listXattrs(Node node) throws IOException {
    BucketNode _ = own(node);
    return List.of();
  }

  @Override
  public byte[] xattr(Node node, Name name) throws IOException {
    throw new NoSuchAttributeException(own(node).location() + ": no attribute " + name);
  }

  @Override
  public Statistics statistics() throws StorageException {
    return new Statistics(
        STATISTICS_BLOCK_BYTES,
        Math.ceilDiv(summary.bytes(), (long) STATISTICS_BLOCK_BYTES),
        0,
        summary.objects(),
        0);
  }

  /** Closes the chunk store, and with it the store: sources that are open fail. Idempotent. */
  @Override
  public void close() {
    chunks.close();
  }

  private BucketNode directory(Node node) throws IOException {
    BucketNode own = own(node);
    if (own.version() != null) {
      throw new NotDirectoryException(own.location());
    }
    return own;
  }

  private BucketNode own(Node node) throws IllegalNodeException {
    if (node instanceof BucketNode own && own.isOf(this)) {
      return own;
    }
    throw new IllegalNodeException(node.location() + ": node of another tree");
  }
}
