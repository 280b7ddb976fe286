package io.unsealfs.storage.object.http;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What all reads of one object have in common, signed.
 *
 * @param uri of the object
 * @param headers with the signature in them; empty without credentials
 * @param signedAt by the clock that is in the signature
 */
public record SignedRequest(URI uri, Map<String, List<String>> headers, Instant signedAt) {

  /** Without the headers: they hold a token. */
  @Override
  public String toString() {
    return "SignedRequest of " + signedAt;
  }
}
