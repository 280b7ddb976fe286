package io.unsealfs.verify.policy;

import java.util.Optional;

/**
 * Who asks, besides the machine.
 *
 * @param certificateSha256 SHA-256, hex, of the certificate it proved to hold
 * @param preSharedKey name of the pre-shared key it proved to hold
 */
public record Requester(Optional<String> certificateSha256, Optional<String> preSharedKey) {
  /** Nobody in particular. */
  public static final Requester UNKNOWN = new Requester(Optional.empty(), Optional.empty());
}
