package io.unsealfs.storage.object.http;

import io.unsealfs.storage.object.credentials.StoreCredentials;
import java.io.IOException;

/** Signs reads as one kind of store wants it. Thread-safe. */
@FunctionalInterface
public interface RequestSigner {

  /**
   * A GET of an object. Neither store wants ranges or conditions to be signed, so that one
   * signature serves for as many of them as are wanted while it is fresh.
   */
  SignedRequest sign(String key, StoreCredentials credentials) throws IOException;
}
