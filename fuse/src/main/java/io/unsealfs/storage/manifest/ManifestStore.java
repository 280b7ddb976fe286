package io.unsealfs.storage.manifest;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.chunk.ContentPin;
import io.unsealfs.storage.chunk.ContentPins;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.Fetched;
import io.unsealfs.storage.object.ListDepth;
import io.unsealfs.storage.object.ObjectNotFoundException;
import io.unsealfs.storage.object.ObjectPage;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeSink;
import io.unsealfs.storage.object.StoreLocation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A bucket whose names, sizes and contents a manifest tells: the store is asked for bytes only.
 *
 * <p>In place of an entity tag versions carry what stands for their content, so that a refresh
 * knows what stayed the same. The store is not held to any version of its own: each chunk proves
 * itself, whatever the copy it comes from is called.
 */
public final class ManifestStore implements ObjectStore, ContentPins {
  private final ObjectStore store;
  private final ObjectUri uri;
  private volatile Manifest shown;
  private @Nullable ManifestKey key; // guarded by this

  /**
   * What {@code manifest} says of the bytes that {@code store} has.
   *
   * @param uri what the names of the manifest are relative to, or its image
   * @param store closed with this
   */
  public ManifestStore(ObjectStore store, ObjectUri uri, Manifest manifest) {
    this.store = store;
    this.uri = uri;
    this.shown = manifest;
  }

  /** What is told now. */
  public Manifest manifest() {
    return shown;
  }

  /** Tells what another manifest says from now on. */
  public void show(Manifest manifest) {
    shown = manifest;
  }

  /** The key that seals manifests of the volume; wiped with the store. */
  public synchronized void takeKey(ManifestKey sealing) {
    if (key != null) {
      key.close();
    }
    key = sealing;
  }

  /** Whether {@code manifest} was sealed with the key of the volume; false as long as none is. */
  public synchronized boolean isSealed(Manifest manifest) {
    return key != null && manifest.isSealedBy(key);
  }

  @Override
  public StoreLocation location() {
    return store.location();
  }

  /** All of it in one page: there is nothing to wait for. */
  @Override
  public ObjectPage list(
      String prefix, ListDepth depth, Optional<String> continuation, Cancellation cancellation) {
    Manifest manifest = shown;
    if (!prefix.equals(uri.treePrefix())
        || !depth.equals(ListDepth.ALL)
        || continuation.isPresent()) {
      throw new IllegalArgumentException("a manifest is listed as a whole");
    }
    List<ObjectVersion> objects = new ArrayList<>(manifest.objects());
    if (!manifest.isImage()) {
      for (Map.Entry<String, ManifestEntry> entry : manifest.entries().entrySet()) {
        objects.add(entry.getValue().version(prefix + entry.getKey()));
      }
    }
    return new ObjectPage(objects, List.of(), 0, Optional.empty());
  }

  @Override
  public ObjectVersion head(String key, Cancellation cancellation) throws IOException {
    return entry(key)
        .map(entry -> entry.version(key))
        .orElseThrow(
            () -> new ObjectNotFoundException("\"" + Name.of(key) + "\" is not in the manifest"));
  }

  private Optional<ManifestEntry> entry(String key) {
    Manifest manifest = shown;
    if (manifest.isImage()) {
      return key.equals(uri.path()) ? manifest.find("") : Optional.empty();
    }
    String prefix = uri.treePrefix();
    return key.startsWith(prefix)
        ? manifest.find(key.substring(prefix.length()))
        : Optional.empty();
  }

  @Override
  public Optional<ContentPin> of(ObjectVersion version) throws StaleSourceException {
    Optional<ManifestEntry> entry = entry(version.key());
    if (entry.isEmpty() || !entry.get().version(version.key()).equals(version)) {
      throw new StaleSourceException(
          version.shownKey() + ": is another one in the manifest now: look it up once more");
    }
    return Optional.of(entry.get());
  }

  @Override
  public Fetched get(
      ObjectVersion version, long offset, long length, RangeSink sink, Cancellation cancellation)
      throws IOException {
    return store.get(
        ObjectVersion.anyOf(version.key(), version.size()), offset, length, sink, cancellation);
  }

  @Override
  public void close() {
    synchronized (this) {
      if (key != null) {
        key.close();
        key = null;
      }
    }
    store.close();
  }
}
