package io.unsealfs.storage.object;

import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The pages of one prefix, one after the other: a store whose pages go in a circle or are empty
 * without end is refused. Used by one thread.
 */
final class PageWalk {
  /** Empty pages in a row with the promise of more; stores do this when they skip deleted keys. */
  private static final int EMPTY_PAGES_MAX = 1000;

  private final ObjectStore store;
  private final String prefix;
  private final ListDepth depth;
  private final ListingBounds bounds;
  private final ListingAsker asker;
  private final Cancellation cancellation;
  private final Set<String> continuations = new HashSet<>();
  private Optional<String> continuation = Optional.empty();
  private boolean begun;
  private int emptyPages;

  PageWalk(
      ObjectStore store,
      String prefix,
      ListDepth depth,
      ListingBounds bounds,
      ListingAsker asker,
      Cancellation cancellation) {
    this.store = store;
    this.prefix = prefix;
    this.depth = depth;
    this.bounds = bounds;
    this.asker = asker;
    this.cancellation = cancellation;
  }

  /** Whether there is another page. */
  boolean hasNext() {
    return !begun || continuation.isPresent();
  }

  /** The next page. */
  ObjectPage next() throws IOException {
    if (cancellation.isCancelled()) {
      throw new CancelledReadException("listing " + bounds.what() + " was cancelled");
    }
    ObjectPage page = asker.page(store, prefix, depth, continuation, cancellation);
    begun = true;
    continuation = page.continuation();
    boolean empty =
        page.objects().isEmpty() && page.prefixes().isEmpty() && page.unreadableKeys() == 0;
    emptyPages = empty ? emptyPages + 1 : 0;
    boolean circle = continuation.isPresent() && !continuations.add(continuation.get());
    if (circle || (emptyPages > EMPTY_PAGES_MAX && continuation.isPresent())) {
      throw new StoreProtocolException(
          "listing "
              + bounds.what()
              + ": the store's pages "
              + (circle ? "go in a circle" : "hold nothing and do not end"));
    }
    return page;
  }
}
