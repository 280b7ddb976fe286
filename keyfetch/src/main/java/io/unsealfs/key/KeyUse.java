package io.unsealfs.key;

import java.io.IOException;

/** What is done with a secret once it is there, such as opening a volume. */
@FunctionalInterface
public interface KeyUse<T> {

  /**
   * Uses {@code secret}, which is destroyed afterwards.
   *
   * @throws IOException if it does not serve
   */
  T use(KeyReference reference, Secret secret) throws IOException;
}
