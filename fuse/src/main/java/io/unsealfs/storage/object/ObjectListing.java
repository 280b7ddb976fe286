package io.unsealfs.storage.object;

import io.unsealfs.storage.Name;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * A whole listing, page by page, within bounds: a store that lists for ever, in circles or a
 * million bad keys ends in an error, not in a full memory.
 */
public final class ObjectListing {
  /** Empty pages in a row with the promise of more; stores do this when they skip deleted keys. */
  private static final int EMPTY_PAGES_MAX = 1000;

  private final ObjectStore store;
  private final String prefix;
  private final long objectsMax;
  private final Cancellation cancellation;
  private final Set<String> keys = new HashSet<>();
  private final Set<String> continuations = new HashSet<>();
  private long seen;
  private int emptyPages;

  private ObjectListing(
      ObjectStore store, String prefix, long objectsMax, Cancellation cancellation) {
    this.store = store;
    this.prefix = prefix;
    this.objectsMax = objectsMax;
    this.cancellation = cancellation;
  }

  /** Asks a store for one page; may repeat what {@link TransientStoreException} allows. */
  @FunctionalInterface
  public interface Asker {
    /** One page. */
    ObjectPage page(ObjectStore store, String prefix, Optional<String> continuation)
        throws IOException;
  }

  /**
   * Tells {@code visitor} every object below {@code prefix}, in the order of the store.
   *
   * @param prefix empty, or ending in a slash
   * @param objectsMax keys, usable or not, after which the listing is refused
   * @throws StoreProtocolException if the listing repeats itself or is longer than that
   */
  public static void walk(
      ObjectStore store,
      String prefix,
      long objectsMax,
      ListingVisitor visitor,
      Cancellation cancellation)
      throws IOException {
    walk(
        store,
        prefix,
        objectsMax,
        visitor,
        cancellation,
        (s, p, continuation) -> s.list(p, ListDepth.ALL, continuation, cancellation));
  }

  /** The same, with a caller's own way of asking for a page. */
  public static void walk(
      ObjectStore store,
      String prefix,
      long objectsMax,
      ListingVisitor visitor,
      Cancellation cancellation,
      Asker asker)
      throws IOException {
    new ObjectListing(store, prefix, objectsMax, cancellation).run(visitor, asker);
  }

  private void run(ListingVisitor visitor, Asker asker) throws IOException {
    Optional<String> continuation = Optional.empty();
    do {
      if (cancellation.isCancelled()) {
        throw new CancelledReadException("listing " + what() + " was cancelled");
      }
      ObjectPage page = asker.page(store, prefix, continuation);
      count(page);
      for (int i = 0; i < page.unreadableKeys(); i++) {
        visitor.skipped(KeyFault.UNREADABLE, "");
      }
      for (ObjectVersion version : page.objects()) {
        tell(visitor, version);
      }
      continuation = page.continuation();
    } while (continuation.isPresent());
  }

  private void count(ObjectPage page) throws IOException {
    int inPage = page.objects().size() + page.unreadableKeys();
    seen += inPage;
    if (seen > objectsMax) {
      throw new StoreProtocolException(
          "listing "
              + what()
              + ": more than "
              + objectsMax
              + " objects; choose a longer prefix, or check the store");
    }
    emptyPages = inPage == 0 ? emptyPages + 1 : 0;
    boolean circle =
        page.continuation().isPresent() && !continuations.add(page.continuation().get());
    if (circle || (emptyPages > EMPTY_PAGES_MAX && page.continuation().isPresent())) {
      throw new StoreProtocolException(
          "listing "
              + what()
              + ": the store's pages "
              + (circle ? "go in a circle" : "hold nothing and do not end"));
    }
  }

  private void tell(ListingVisitor visitor, ObjectVersion version) throws IOException {
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

  /** Enough of a key to find it; a hostile one may be as long as a page. */
  private static String shown(String key) {
    String start = key.length() > 300 ? key.substring(0, 300) + "…" : key;
    return Name.of(start).toString();
  }

  private String what() {
    return store.location() + " below \"" + Name.of(prefix) + "\"";
  }
}
