package io.unsealfs.storage.chunk;

import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.StoreLocation;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One version of an object: its chunks, and how it is read. Shared by all who have it open. */
final class StoredObject {
  private final AtomicBoolean startOrdered = new AtomicBoolean();
  private final ObjectVersion version;
  private final ConcurrentHashMap<Integer, Chunk> chunks = new ConcurrentHashMap<>();
  private final ReadPattern pattern;
  private volatile @Nullable String staleBecause;
  private volatile boolean unlisted;
  private volatile boolean index;
  private volatile @Nullable String hex;
  private volatile @Nullable ContentPin pin;

  /** Segments whose copies on disk were found not to be authentic: read the checked way only. */
  private final Set<Integer> distrusted = ConcurrentHashMap.newKeySet();

  /** Guarded by the store's lock: sources that are open. */
  int opens;

  StoredObject(ObjectVersion version, ReadPattern pattern) {
    this.version = version;
    this.pattern = pattern;
  }

  ObjectVersion version() {
    return version;
  }

  long size() {
    return version.size();
  }

  /** Its content is known beforehand. Before anything of it is asked for. */
  void require(ContentPin content) {
    pin = content;
  }

  /** Whether its chunks are checked before a byte of them is shown. */
  boolean isPinned() {
    return pin != null;
  }

  /** Whether {@code slab} begins with what the chunk has to be, as far as that is known. */
  boolean isAuthentic(Chunk chunk, Slab slab) {
    ContentPin known = pin;
    return known == null || known.matches(chunk.index, slab.ciphertext().slice(0, chunk.length));
  }

  /** It is one of the small objects that a format needs first. */
  void markIndex() {
    index = true;
  }

  boolean isIndex() {
    return index;
  }

  /** A segment of it on disk, of the store at {@code location}. */
  SegmentId segment(StoreLocation location, int segment) {
    String known = hex;
    if (known == null) {
      known = SegmentId.objectHex(location, version);
      hex = known; // whoever else does so finds the same
    }
    return SegmentId.of(known, size(), segment);
  }

  /** What follows its start is ordered; false if it was before. */
  boolean markStart() {
    return startOrdered.compareAndSet(false, true);
  }

  void distrust(int segment) {
    distrusted.add(segment);
  }

  boolean isDistrusted(int segment) {
    return !distrusted.isEmpty() && distrusted.contains(segment);
  }

  ReadPattern pattern() {
    return pattern;
  }

  @Nullable Chunk chunk(int index) {
    return chunks.get(index);
  }

  void add(Chunk chunk) {
    chunks.put(chunk.index, chunk);
  }

  /** Forgets {@code chunk}, if it is still the one in its place. */
  void remove(Chunk chunk) {
    chunks.remove(chunk.index, chunk);
  }

  Collection<Chunk> chunks() {
    return chunks.values();
  }

  /**
   * Nothing more of it will be fetched.
   *
   * @return false if that was known
   */
  boolean markStale(String why) {
    boolean first = staleBecause == null;
    staleBecause = why;
    return first;
  }

  /** It was listed once more as it is. */
  void markCurrent() {
    staleBecause = null;
    unlisted = false;
  }

  /** It is stale, and is not in the listing either, so that nobody will open it any more. */
  void markUnlisted() {
    unlisted = true;
  }

  /** Whether nothing has to be remembered of it: that it is stale has to be, while it is listed. */
  boolean isForgettable() {
    return !isStale() || unlisted;
  }

  boolean isStale() {
    return staleBecause != null;
  }

  /** What whoever asks for a byte of it that is not here is told, or null if it is current. */
  @Nullable StaleSourceException stale() {
    String why = staleBecause;
    return why == null
        ? null
        : new StaleSourceException(
            this + ": " + why + "; its bytes are no longer served: refresh, or mount again");
  }

  @Override
  public String toString() {
    return version.shownKey();
  }
}
