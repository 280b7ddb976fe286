package io.unsealfs.key;

import java.time.Instant;
import java.util.Optional;

/**
 * What travels with a secret.
 *
 * @param volumeDigest the volume it is for
 * @param headerDigest the header it is for
 * @param expiry when it must no longer be used
 * @param authenticated whether the sender was authenticated; if not, nothing here counts as a pin
 */
public record SecretTerms(
    Optional<String> volumeDigest,
    Optional<String> headerDigest,
    Optional<Instant> expiry,
    boolean authenticated) {

  /** Nothing was said. */
  public static final SecretTerms NONE =
      new SecretTerms(Optional.empty(), Optional.empty(), Optional.empty(), false);
}
