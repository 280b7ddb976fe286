package io.unsealfs.storage.object;

import io.unsealfs.storage.Name;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What a whole listing may come to, over all its parts. Thread-safe. */
final class ListingBounds {
  /** Parts of a listing; what is found to be long after so many is not cut again. */
  private static final int PARTS_MOST = 4096;

  /** Characters of key and entity tag, on the average of as many objects as there may be. */
  private static final long TEXT_PER_OBJECT = 256;

  /** Characters of all keys and entity tags that there may be anyway. */
  private static final long TEXT_LEAST = 1 << 20;

  /** Objects on the average page of a long listing; stores fill theirs with a thousand. */
  private static final long OBJECTS_PER_PAGE = 100;

  /** Pages that there may be anyway. */
  private static final long PAGES_LEAST = 5000;

  private final String what;
  private final long objectsMax;
  private final long textMax;
  private final long pagesMax;
  private final AtomicLong objects = new AtomicLong();
  private final AtomicLong text = new AtomicLong();
  private final AtomicLong pages = new AtomicLong();
  private final AtomicInteger parts = new AtomicInteger();

  /**
   * Bounds of the listing of a prefix.
   *
   * @param objectsMax keys, usable or not
   */
  ListingBounds(StoreLocation location, String prefix, long objectsMax) {
    this.what = location + " below \"" + Name.of(prefix) + "\"";
    this.objectsMax = objectsMax;
    this.textMax = Math.max(TEXT_LEAST, Math.multiplyExact(objectsMax, TEXT_PER_OBJECT));
    this.pagesMax = PAGES_LEAST + objectsMax / OBJECTS_PER_PAGE;
  }

  /** What is listed, for people. */
  String what() {
    return what;
  }

  /**
   * Counts what is held of the listing from now on. What is let go of, because it is listed again
   * in parts, is counted back with {@link #release}.
   *
   * @param keys usable or not
   * @param characters of them and of their entity tags
   */
  void hold(long keys, long characters) throws StoreProtocolException {
    if (objects.addAndGet(keys) > objectsMax) {
      throw refusal("more than " + objectsMax + " objects");
    }
    if (text.addAndGet(characters) > textMax) {
      throw refusal("keys and entity tags of more than " + textMax + " characters");
    }
  }

  /** Counts back what {@link #hold} counted. */
  void release(long keys, long characters) {
    objects.addAndGet(-keys);
    text.addAndGet(-characters);
  }

  /** Characters of an object as {@link #hold} counts them. */
  static long textOf(ObjectVersion version) {
    return (long) version.key().length() + version.etag().map(String::length).orElse(0);
  }

  /** Counts a page that is asked for. */
  void page() throws StoreProtocolException {
    if (pages.incrementAndGet() > pagesMax) {
      throw refusal("more than " + pagesMax + " pages");
    }
  }

  private StoreProtocolException refusal(String why) {
    return new StoreProtocolException(
        "listing " + what + ": " + why + "; choose a longer prefix, or check the store");
  }

  /** Whether there may be so many parts more. */
  boolean admitParts(int more) {
    return parts.addAndGet(more) <= PARTS_MOST;
  }
}
