package io.unsealfs.storage.object;

import io.unsealfs.storage.Name;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * A whole listing within bounds: a store that lists for ever, in circles or a million bad keys ends
 * in an error, not in a full memory. One of more than ten pages is cut into parts that are listed
 * at the same time; what is told is the same.
 */
public final class ObjectListing {
  private ObjectListing() {}

  /**
   * Tells {@code visitor} every object below {@code prefix}, in the order of their keys if the
   * store keeps it.
   *
   * @param prefix empty, or ending in a slash
   * @param objectsMax keys, usable or not, after which the listing is refused
   * @throws StoreProtocolException if the listing repeats itself, is longer than that, or has text
   *     that would fill the memory, or has far more pages than its objects need
   */
  public static void walk(
      ObjectStore store,
      String prefix,
      long objectsMax,
      ListingVisitor visitor,
      Cancellation cancellation)
      throws IOException {
    walk(store, prefix, objectsMax, visitor, cancellation, ObjectStore::list);
  }

  /** The same, with a caller's own way of asking for a page. */
  public static void walk(
      ObjectStore store,
      String prefix,
      long objectsMax,
      ListingVisitor visitor,
      Cancellation cancellation,
      ListingAsker asker)
      throws IOException {
    ListingBounds bounds = new ListingBounds(store.location(), prefix, objectsMax);
    new ListingParts(store, bounds, asker).run(prefix, cancellation, new Judge(prefix, visitor));
  }

  /** Leaves out what can be no file, and what was there before. */
  private static final class Judge implements ListingParts.Taker {
    private final String prefix;
    private final ListingVisitor visitor;
    private final Set<String> keys = new HashSet<>();

    Judge(String prefix, ListingVisitor visitor) {
      this.prefix = prefix;
      this.visitor = visitor;
    }

    @Override
    public void unreadable(int count) {
      for (int i = 0; i < count; i++) {
        visitor.skipped(KeyFault.UNREADABLE, "");
      }
    }

    @Override
    public void object(ObjectVersion version) throws IOException {
      String key = version.key();
      Optional<KeyFault> fault = KeyRules.judge(prefix, key);
      if (fault.isEmpty() && key.endsWith("/") && version.size() > 0) {
        fault = Optional.of(KeyFault.MARKER_WITH_CONTENT);
      }
      if (fault.isEmpty() && !keys.add(key)) {
        fault = Optional.of(KeyFault.DUPLICATE);
      }
      if (fault.isPresent()) {
        visitor.skipped(fault.get(), shown(key));
      } else if (key.length() > prefix.length()) {
        visitor.object(key.substring(prefix.length()), version);
      }
    }
  }

  /** Enough of a key to find it; a hostile one may be as long as a page. */
  private static String shown(String key) {
    String start = key.length() > 300 ? key.substring(0, 300) + "…" : key;
    return Name.of(start).toString();
  }
}
