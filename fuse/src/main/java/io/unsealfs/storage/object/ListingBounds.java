package io.unsealfs.storage.object;

import io.unsealfs.storage.Name;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What a whole listing may come to, over all its parts. Thread-safe. */
final class ListingBounds {
  /** Parts of a listing; what is found to be long after so many is not cut again. */
  private static final int PARTS_MOST = 4096;

  private final String what;
  private final long objectsMax;
  private final AtomicLong objects = new AtomicLong();
  private final AtomicInteger parts = new AtomicInteger();

  /**
   * Bounds of the listing of a prefix.
   *
   * @param objectsMax keys, usable or not
   */
  ListingBounds(StoreLocation location, String prefix, long objectsMax) {
    this.what = location + " below \"" + Name.of(prefix) + "\"";
    this.objectsMax = objectsMax;
  }

  /** What is listed, for people. */
  String what() {
    return what;
  }

  /** Counts keys. */
  void count(long keys) throws StoreProtocolException {
    refuse(objects.addAndGet(keys));
  }

  /** Whether so many more would be too many; they are not counted. */
  void check(long keys) throws StoreProtocolException {
    refuse(objects.get() + keys);
  }

  private void refuse(long keys) throws StoreProtocolException {
    if (keys > objectsMax) {
      throw new StoreProtocolException(
          "listing "
              + what
              + ": more than "
              + objectsMax
              + " objects; choose a longer prefix, or check the store");
    }
  }

  /** Whether there may be so many parts more. */
  boolean admitParts(int more) {
    return parts.addAndGet(more) <= PARTS_MOST;
  }
}
