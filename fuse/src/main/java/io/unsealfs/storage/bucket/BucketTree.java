package io.unsealfs.storage.bucket;

import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.storage.Node;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.chunk.ChunkStore;
import io.unsealfs.storage.chunk.RetryPolicy;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.KeyFault;
import io.unsealfs.storage.object.ListDepth;
import io.unsealfs.storage.object.ObjectListing;
import io.unsealfs.storage.object.ObjectPage;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.StoreLocation;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The objects below a prefix, as they were when it was listed last. Names, attributes and what is
 * not there cost no request; only bytes do, through a {@link ChunkStore}.
 *
 * <p>{@link #refresh} lists it again and shows the new listing from one moment to the next. Nodes
 * of an earlier one stay valid: a directory stands for what is in its place now, a file for its
 * version, which can be opened for as long as it is the one in its place. A version keeps its file
 * id; another one gets another.
 *
 * <p>The file id of a regular file stands for the version that was listed: an object replaced since
 * is refused with {@link io.unsealfs.storage.StaleSourceException}. Object stores have no links,
 * owners or extended attributes.
 */
public final class BucketTree implements FileTree {
  /** Keys below one prefix, and files and directories of them: some 200 bytes of memory each. */
  private static final long OBJECTS_MOST = 4_000_000;

  private static final int STATISTICS_BLOCK_BYTES = 4096;

  private final ObjectStore store;
  private final String prefix;
  private final ChunkStore chunks;
  private final Predicate<Name> kept;
  private final RetryPolicy retries;
  private final Consumer<String> warnings;
  private final LongAdder pages = new LongAdder();
  private final LongAdder failedPages = new LongAdder();
  private final LongAdder pageNanos = new LongAdder();
  private final LongAdder failedPageNanos = new LongAdder();
  private boolean saidUntagged; // used by the constructor, then by refresh
  private volatile Snapshot shown;

  /**
   * What is shown at a time.
   *
   * @param lastId that was given to a node so far
   * @param remarks on the listing that were given; empty for none
   */
  private record Snapshot(
      BucketNode root, Summary summary, long generation, long lastId, String remarks) {}

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

  /**
   * What another listing changed. A directory counts like a file.
   *
   * @param added names that were not there
   * @param removed names that are gone
   * @param replaced files with other bytes, or put there again
   */
  public record Change(long added, long removed, long replaced) {
    /** Whether all is as it was. */
    public boolean isNone() {
      return added == 0 && removed == 0 && replaced == 0;
    }
  }

  private BucketTree(
      ObjectStore store,
      String prefix,
      ChunkStore chunks,
      Predicate<Name> kept,
      RetryPolicy retries,
      Consumer<String> warnings)
      throws IOException {
    this.store = store;
    this.prefix = prefix;
    this.chunks = chunks;
    this.kept = kept;
    this.retries = retries;
    this.warnings = warnings;
    long began = System.nanoTime();
    BucketIndex index = list(Cancellation.none());
    this.shown = snapshot(index, index.build(this), 0, "", began, Cancellation.none());
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
    return new BucketTree(store, prefix, chunks, kept, retries, warnings);
  }

  /**
   * What to say, once, of a store that gives no entity tags.
   *
   * @param what comes without: "the image is"
   */
  public static String untagged(StoreLocation location, String what) {
    return location
        + ": "
        + what
        + " without an ETag: versions are told apart by size and Last-Modified, so one that"
        + " replaces another of its size within a second is not noticed";
  }

  private BucketIndex list(Cancellation cancellation) throws IOException {
    BucketIndex index =
        new BucketIndex(store.location() + " below \"" + Name.of(prefix) + "\"", OBJECTS_MOST);
    ObjectListing.walk(
        store,
        prefix,
        OBJECTS_MOST,
        index,
        cancellation,
        (s, p, depth, continuation, ofPart) ->
            retries.repeat(() -> page(p, depth, continuation, ofPart)));
    if (index.objects() == 0) {
      throw new NoSuchFileException(
          store.location() + ": no object below \"" + Name.of(prefix) + "\"");
    }
    return index;
  }

  private ObjectPage page(
      String below, ListDepth depth, Optional<String> continuation, Cancellation cancellation)
      throws IOException {
    pages.increment();
    long began = System.nanoTime();
    boolean done = false;
    try {
      ObjectPage page = store.list(below, depth, continuation, cancellation);
      done = true;
      return page;
    } finally {
      (done ? pageNanos : failedPageNanos).add(System.nanoTime() - began);
      if (!done) {
        failedPages.increment();
      }
    }
  }

  private Snapshot snapshot(
      BucketIndex index,
      BucketNode root,
      long generation,
      String earlierRemarks,
      long began,
      Cancellation cancellation) {
    long keptObjects = KeptObjects.fetch(root, kept, chunks, cancellation);
    Summary summary =
        new Summary(
            index.objects(), index.bytes(), keptObjects, index.faults(), System.nanoTime() - began);
    String remarks = Objects.requireNonNullElse(index.remarks(), "");
    if (!remarks.isEmpty() && !remarks.equals(earlierRemarks)) {
      warnings.accept(store.location() + ": " + remarks);
    }
    if (index.untagged() > 0 && !saidUntagged) {
      saidUntagged = true;
      warnings.accept(untagged(store.location(), index.untagged() + " objects are"));
    }
    return new Snapshot(root, summary, generation, index.lastId(), remarks);
  }

  /**
   * Lists again and shows what there is now. If this throws, all stays as it was.
   *
   * @throws NoSuchFileException if there is nothing any more
   */
  public synchronized Change refresh(Cancellation cancellation) throws IOException {
    long began = System.nanoTime();
    BucketIndex index = list(cancellation);
    Snapshot before = shown;
    BucketNode root = index.build(this, before.root, before.lastId);
    Change change = index.change();
    if (!change.isNone()) {
      shown = snapshot(index, root, before.generation + 1, before.remarks, began, cancellation);
    }
    chunks.admit(this::isListed);
    return change;
  }

  private boolean isListed(ObjectVersion version) {
    BucketNode node = shown.root;
    for (String name : version.key().substring(prefix.length()).split("/", -1)) {
      BucketNode below = node.child(Name.of(name));
      if (below == null) {
        return false;
      }
      node = below;
    }
    return version.equals(node.version());
  }

  @Override
  public long generation() {
    return shown.generation;
  }

  /** What the last listing found that changed anything. */
  public Summary summary() {
    return shown.summary;
  }

  /** Requests so far that listed. */
  public long pages() {
    return pages.sum();
  }

  /** Those of them that failed. */
  public long failedPages() {
    return failedPages.sum();
  }

  /** Nanoseconds that the requests which listed took in all. */
  public long pageNanos() {
    return pageNanos.sum();
  }

  /** Nanoseconds that those which failed took. */
  public long failedPageNanos() {
    return failedPageNanos.sum();
  }

  @Override
  public Node root() {
    return shown.root;
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
    BucketNode asked = own(file);
    ObjectVersion seen = asked.version();
    if (seen == null) {
      throw new IllegalNodeException(asked.location() + ": not a regular file");
    }
    BucketNode node = current(asked);
    ObjectVersion version = node == null ? null : node.version();
    if (node == null || version == null || !asked.hasBytesOf(version)) {
      throw new StaleSourceException(
          asked.location() + ": was replaced or removed: look it up once more");
    }
    byte[] kept = node.kept();
    if (kept != null) {
      return new KeptSource(kept);
    }
    // of an archive class too: a listing does not say whether it was restored, a read does
    return this.kept.test(node.name()) ? chunks.openIndex(version) : chunks.open(version);
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
    Summary summary = shown.summary;
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
    BucketNode now = current(own);
    if (now == null) {
      throw new NoSuchFileException(own.location());
    }
    if (now.version() != null) {
      throw new NotDirectoryException(now.location());
    }
    return now;
  }

  /** What is in the place of a node now; null if nothing is. */
  private @Nullable BucketNode current(BucketNode node) {
    BucketNode root = shown.root;
    return node.isBelow(root) ? node : node.counterpart(root);
  }

  private BucketNode own(Node node) throws IllegalNodeException {
    if (node instanceof BucketNode own && own.isOf(this)) {
      return own;
    }
    throw new IllegalNodeException(node.location() + ": node of another tree");
  }
}
