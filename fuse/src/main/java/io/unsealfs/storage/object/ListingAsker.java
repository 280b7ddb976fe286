package io.unsealfs.storage.object;

import java.io.IOException;
import java.util.Optional;

/** Asks a store for one page; may repeat what {@link TransientStoreException} allows. */
@FunctionalInterface
public interface ListingAsker {
  /** One page, as {@link ObjectStore#list}; called by several threads at a time. */
  ObjectPage page(
      ObjectStore store,
      String prefix,
      ListDepth depth,
      Optional<String> continuation,
      Cancellation cancellation)
      throws IOException;
}
