package io.unsealfs.storage.object.credentials;

import java.io.Closeable;
import java.io.IOException;

/** A place credentials come from. */
public interface CredentialFetcher extends Closeable {

  /**
   * Gets them, as fresh as they are to be had; may take a while.
   *
   * @throws io.unsealfs.storage.object.StoreDeniedException if there are none
   * @throws IOException if the place cannot be reached, or answers nonsense
   */
  StoreCredentials fetch() throws IOException;

  /** Whether others are there than were fetched last. A cheap look, asked often. */
  default boolean changed() {
    return false;
  }

  @Override
  default void close() {}
}
