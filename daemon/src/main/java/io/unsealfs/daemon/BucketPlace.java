package io.unsealfs.daemon;

import io.unsealfs.daemon.status.MountStatus;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.bucket.BucketTree;
import io.unsealfs.storage.bucket.SharedTree;
import io.unsealfs.storage.chunk.ChunkFigures;
import io.unsealfs.storage.chunk.ChunkSettings;
import io.unsealfs.storage.chunk.ChunkStore;
import io.unsealfs.storage.chunk.DiskCache;
import io.unsealfs.storage.chunk.DiskLimits;
import io.unsealfs.storage.chunk.RetryPolicy;
import io.unsealfs.storage.chunk.SegmentMac;
import io.unsealfs.storage.manifest.ManifestStore;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.ObjectNotFoundException;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.gocryptfs.GocryptfsFormat;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A prefix or an object of a bucket. One of that very name is an object; otherwise what lies below
 * it is listed, once. The chunks live as long as what was handed on.
 */
final class BucketPlace implements Place {
  private static final System.Logger LOG = System.getLogger(BucketPlace.class.getName());

  private final ObjectUri uri;
  private final ObjectOptions options;
  private final ChunkStore chunks;
  private final long budgetBytes;
  private final DiskLimits limits;
  private final HeadCalls heads;
  private final RetryPolicy retries;
  private final @Nullable SharedTree tree;
  private final @Nullable BucketTree listed;
  private final @Nullable ObjectVersion image;
  private final CredentialFigures credentials;
  private final @Nullable HeldManifest manifest;
  private final AtomicLong refreshes = new AtomicLong();
  private final AtomicLong failedRefreshes = new AtomicLong();
  private @Nullable Source file; // until it is handed on
  private boolean keepsCopies; // guarded by this

  private BucketPlace(
      ObjectUri uri,
      ObjectOptions options,
      ChunkStore chunks,
      long budgetBytes,
      DiskLimits limits,
      HeadCalls heads,
      RetryPolicy retries,
      @Nullable BucketTree listed,
      @Nullable ObjectVersion image,
      @Nullable Source file,
      CredentialFigures credentials,
      @Nullable HeldManifest manifest) {
    this.manifest = manifest;
    this.credentials = credentials;
    this.heads = heads;
    this.retries = retries;
    this.listed = listed;
    this.image = image;
    this.uri = uri;
    this.options = options;
    this.chunks = chunks;
    this.budgetBytes = budgetBytes;
    this.limits = limits;
    this.tree = listed == null ? null : new SharedTree(listed);
    this.file = file;
  }

  /**
   * Looks what is there. Takes over {@code store}, also when it throws.
   *
   * @param credentials of {@code store}
   * @throws java.nio.file.NoSuchFileException if nothing is
   */
  static BucketPlace open(
      ObjectUri uri,
      ObjectStore store,
      ObjectOptions options,
      ChunkSettings settings,
      CredentialFigures credentials)
      throws IOException {
    return open(uri, store, options, settings, credentials, new ChunkStore(store, settings), null);
  }

  /** The same, held to a manifest in place of what the store says is there. */
  static BucketPlace open(
      ObjectUri uri,
      ObjectStore store,
      ObjectOptions options,
      ChunkSettings settings,
      CredentialFigures credentials,
      GivenManifest given)
      throws IOException {
    ManifestStore held = new ManifestStore(store, uri, given.first());
    return open(
        uri,
        held,
        options,
        settings,
        credentials,
        new ChunkStore(held, settings, held),
        new HeldManifest(given, held));
  }

  private static BucketPlace open(
      ObjectUri uri,
      ObjectStore store,
      ObjectOptions options,
      ChunkSettings settings,
      CredentialFigures credentials,
      ChunkStore chunks,
      @Nullable HeldManifest manifest)
      throws IOException {
    RetryPolicy retries = settings.retries();
    HeadCalls heads = new HeadCalls(store, manifest == null);
    boolean done = false;
    try {
      DiskLimits limits = options.diskLimits();
      Optional<ObjectVersion> object = Optional.empty();
      StoreDeniedException denied = null;
      try {
        object = object(uri, heads, retries);
      } catch (StoreDeniedException e) {
        // rights may begin below the prefix: its own name is then refused, not missing
        denied = e;
      }
      Source file = null;
      BucketTree tree = null;
      if (object.isPresent()) {
        if (object.get().etag().isEmpty()) {
          warn(BucketTree.untagged(store.location(), "the image is"));
        }
        file = chunks.openAlone(object.get());
      } else {
        tree = tree(uri, store, chunks, retries, denied);
      }
      done = true;
      return new BucketPlace(
          uri,
          options,
          chunks,
          settings.budgetBytes(),
          limits,
          heads,
          retries,
          tree,
          object.orElse(null),
          file,
          credentials,
          manifest);
    } finally {
      if (!done) {
        chunks.close();
      }
    }
  }

  /** The object that is called like the source; an empty one is taken for a directory's marker. */
  private static Optional<ObjectVersion> object(ObjectUri uri, HeadCalls heads, RetryPolicy retries)
      throws IOException {
    if (uri.path().isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(retries.repeat(() -> heads.head(uri.path(), Cancellation.none())))
          .filter(version -> version.size() > 0);
    } catch (ObjectNotFoundException e) {
      return Optional.empty();
    }
  }

  /**
   * What lies below the source.
   *
   * @param denied why nothing is known of an object of that very name; null if there is none
   */
  private static BucketTree tree(
      ObjectUri uri,
      ObjectStore store,
      ChunkStore chunks,
      RetryPolicy retries,
      @Nullable StoreDeniedException denied)
      throws IOException {
    try {
      return BucketTree.open(
          store, uri.treePrefix(), chunks, GocryptfsFormat::isIndex, retries, BucketPlace::warn);
    } catch (NoSuchFileException e) {
      if (denied == null) {
        throw e;
      }
      throw new StoreDeniedException(
          denied.getMessage() + "; nor is there an object below that name", denied);
    }
  }

  private static void warn(String line) {
    LOG.log(Level.WARNING, line);
  }

  @Override
  public boolean isFile() {
    return tree == null;
  }

  @Override
  public Source file() {
    Source handed = file;
    if (handed == null) {
      throw new IllegalStateException("a file is handed on once, a directory never");
    }
    file = null;
    return handed;
  }

  @Override
  public FileTree tree() {
    if (tree == null) {
      throw new IllegalStateException("an object is no directory");
    }
    return tree.hold();
  }

  @Override
  public void trustFormat() {
    keepCopies(Optional.empty());
  }

  @Override
  public VolumeContext.KeyUse unauthenticated() {
    return volumeKey -> keepCopies(Optional.of(SegmentMac.derive(volumeKey)));
  }

  @Override
  public VolumeContext.KeyUse opened() {
    return manifest == null ? VolumeContext.KeyUse.NONE : manifest::takeKey;
  }

  @Override
  public void requireSealed() throws IOException {
    if (manifest != null) {
      manifest.requireSealed();
    }
  }

  @Override
  public boolean isPinned() {
    return manifest != null;
  }

  @Override
  public void refuseCopies() throws UsageException {
    if (manifest != null) {
      throw new UsageException(
          "--manifest: an image that is not encrypted has no key that seals one; leave the option"
              + " out");
    }
    if (options.chunkCache().isPresent()) {
      throw new UsageException(
          "--chunk-cache-dir: an image that is not encrypted has no key to protect copies with;"
              + " leave the option out");
    }
  }

  private synchronized void keepCopies(Optional<SegmentMac> mac) {
    boolean kept = false;
    try {
      Optional<Path> directory = options.chunkCache();
      if (directory.isPresent() && !keepsCopies) {
        DiskCache cache = DiskCache.open(directory.get(), limits, mac, BucketPlace::warn);
        if (mac.isEmpty()) {
          chunks.attachTrusted(cache);
        } else {
          chunks.attach(cache);
        }
        keepsCopies = true;
        kept = true;
      }
    } catch (IOException e) {
      warn(e.getMessage() + "; reads go on without a chunk cache");
    } finally {
      if (!kept) {
        mac.ifPresent(SegmentMac::close);
      }
    }
  }

  @Override
  public synchronized long copyBytes() {
    return keepsCopies ? options.chunkCacheSize.bytes() : 0;
  }

  @Override
  public Refreshed refresh(Cancellation cancellation) throws IOException {
    boolean done = false;
    try {
      Refreshed refreshed =
          manifest == null
              ? look(cancellation)
              : manifest.refresh(() -> look(cancellation), cancellation);
      refreshes.incrementAndGet();
      done = true;
      return refreshed;
    } finally {
      if (!done) {
        failedRefreshes.incrementAndGet();
      }
    }
  }

  private Refreshed look(Cancellation cancellation) throws IOException {
    return listed == null ? lookAtImage(cancellation) : Refreshed.of(listed.refresh(cancellation));
  }

  private Refreshed lookAtImage(Cancellation cancellation) throws IOException {
    ObjectVersion mounted = Objects.requireNonNull(image);
    try {
      ObjectVersion now = retries.repeat(() -> heads.head(uri.path(), cancellation));
      boolean same =
          now.size() == mounted.size()
              && now.etag().equals(mounted.etag())
              && (now.etag().isPresent() || now.modifiedMillis() == mounted.modifiedMillis());
      return same ? Refreshed.same() : Refreshed.replaced();
    } catch (ObjectNotFoundException e) {
      return Refreshed.replaced();
    }
  }

  @Override
  public Optional<ChunkFigures> figures() {
    return Optional.of(chunks.figures());
  }

  @Override
  public Optional<MountStatus.Listing> listing() {
    return listed == null ? Optional.empty() : Optional.of(listing(listed));
  }

  private MountStatus.Listing listing(BucketTree tree) {
    BucketTree.Summary shown = tree.summary();
    return new MountStatus.Listing(
        shown.objects(),
        TimeUnit.NANOSECONDS.toMillis(shown.nanos()),
        shown.skipped().entrySet().stream()
            .map(fault ->
                new MountStatus.Skipped(
                    fault.getKey().name().toLowerCase(Locale.ROOT), fault.getValue()))
            .toList(),
        manifest == null ? tree.pages() : 0, // a manifest's are no requests
        tree.failedPages(),
        tree.pageNanos(),
        tree.failedPageNanos(),
        refreshes.get(),
        failedRefreshes.get());
  }

  @Override
  public MountStatus.Heads heads() {
    return heads.figures();
  }

  @Override
  public MountStatus.Credentials credentials() {
    return credentials.status(Instant.now());
  }

  @Override
  public void resize(double share) {
    chunks.resize((long) (budgetBytes * share));
  }

  @Override
  public void close() throws IOException {
    if (tree != null) {
      tree.close();
    }
    if (file != null) {
      file.close();
    }
  }

  @Override
  public String toString() {
    return uri.toString();
  }
}
