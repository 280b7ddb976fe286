package io.unsealfs.storage.object;

import java.io.IOException;
import java.util.Optional;

/**
 * The pages of one prefix, one after the other: a store whose pages go in a circle or are empty
 * without end is refused. Used by one thread.
 */
final class PageWalk {
  /** Empty pages in a row with the promise of more; stores do this when they skip deleted keys. */
  private static final int EMPTY_PAGES_MAX = 1000;

  /** Characters of what names the next page; those of stores are as long as a key. */
  private static final int CONTINUATION_MAX = 4096;

  /** Characters of an entity tag; those of stores have some forty. */
  private static final int ETAG_MAX = 1024;

  private final ObjectStore store;
  private final String prefix;
  private final ListDepth depth;
  private final ListingBounds bounds;
  private final ListingAsker asker;
  private final Cancellation cancellation;
  private Optional<String> continuation = Optional.empty();

  /** One of the earlier ones: what comes back to it goes in a circle. */
  private Optional<String> milestone = Optional.empty();

  private long pages;
  private long nextMilestone = 1;
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
    return pages == 0 || continuation.isPresent();
  }

  /** The next page. */
  ObjectPage next() throws IOException {
    if (cancellation.isCancelled()) {
      throw new CancelledReadException("listing " + bounds.what() + " was cancelled");
    }
    bounds.page();
    ObjectPage page = asker.page(store, prefix, depth, continuation, cancellation);
    continuation = page.continuation();
    pages++;
    // what lies below was not asked for where all of it is listed: it is no progress
    boolean empty =
        page.objects().isEmpty()
            && page.unreadableKeys() == 0
            && (depth == ListDepth.ALL || page.prefixes().isEmpty());
    emptyPages = empty ? emptyPages + 1 : 0;
    if (emptyPages > EMPTY_PAGES_MAX && continuation.isPresent()) {
      throw refusal("the store's pages hold nothing and do not end");
    }
    if (continuation.isPresent()) {
      if (continuation.get().length() > CONTINUATION_MAX) {
        throw refusal(
            "the store names the next page with more than " + CONTINUATION_MAX + " characters");
      }
      if (continuation.equals(milestone)) {
        throw refusal("the store's pages go in a circle");
      }
      // one is remembered, and farther apart each time: circles of any length are found like that
      if (pages == nextMilestone) {
        milestone = continuation;
        nextMilestone *= 2;
      }
    }
    return checked(page);
  }

  /**
   * The page with keys that are too long cut off, since they are only left out and counted: a page
   * may consist of a few that fill it.
   */
  private ObjectPage checked(ObjectPage page) throws StoreProtocolException {
    boolean longKey = false;
    for (ObjectVersion object : page.objects()) {
      longKey |= object.key().length() > KeyRules.KEY_BYTES_MAX;
      if (object.etag().isPresent() && object.etag().get().length() > ETAG_MAX) {
        throw refusal("an entity tag has more than " + ETAG_MAX + " characters");
      }
    }
    return longKey
        ? new ObjectPage(
            page.objects().stream().map(PageWalk::cut).toList(),
            page.prefixes(),
            page.unreadableKeys(),
            page.continuation())
        : page;
  }

  /** As it is, or still too long for a key. */
  private static ObjectVersion cut(ObjectVersion object) {
    int most = KeyRules.KEY_BYTES_MAX + 1;
    return object.key().length() <= most
        ? object
        : new ObjectVersion(
            object.key().substring(0, most),
            object.size(),
            object.etag(),
            object.modifiedMillis(),
            object.archived());
  }

  private StoreProtocolException refusal(String why) {
    return new StoreProtocolException("listing " + bounds.what() + ": " + why);
  }
}
