package io.unsealfs.storage.object;

import io.unsealfs.storage.Name;
import java.util.Optional;

/**
 * One version of one object, as a listing or a HEAD told it.
 *
 * @param key full key, with the prefix
 * @param size bytes
 * @param etag entity tag without quotes, opaque; empty where the store gives none, then size and
 *     {@code modifiedMillis} stand for the version
 * @param modifiedMillis last change, milliseconds since 1970-01-01T00:00Z; headers tell whole
 *     seconds only
 * @param archived whether the storage class is one whose objects have to be restored before they
 *     can be read; not every listing says which were
 */
public record ObjectVersion(
    String key, long size, Optional<String> etag, long modifiedMillis, boolean archived) {
  /** No time of any object. */
  private static final long ANY_TIME = Long.MIN_VALUE;

  /**
   * Whatever version there is, if it has this size: for who knows by himself what its bytes have to
   * be.
   */
  public static ObjectVersion anyOf(String key, long size) {
    return new ObjectVersion(key, size, Optional.empty(), ANY_TIME, false);
  }

  /** Whether a store is to refuse what is another version of the same size. */
  public boolean isPinned() {
    return etag.isPresent() || modifiedMillis != ANY_TIME;
  }

  /** The key as text for people: nothing in it can forge a log line. */
  public String shownKey() {
    return Name.of(key).toString();
  }
}
