package io.unsealfs.storage.chunk;

import io.unsealfs.storage.object.ObjectVersion;
import java.io.IOException;
import java.util.Optional;

/** What is known beforehand of the content of objects. Thread-safe. */
@FunctionalInterface
public interface ContentPins {
  /**
   * What is known of a version; empty if its content is whatever the store says.
   *
   * @throws io.unsealfs.storage.StaleSourceException if it is a version that was known once
   */
  Optional<ContentPin> of(ObjectVersion version) throws IOException;
}
