package io.unsealfs.key;

import java.time.Instant;
import java.util.Optional;

/**
 * What travels with a secret.
 *
 * @param volumeDigest the volume it is for
 * @param headerDigest the header it is for
 * @param expiry when it must no longer be used, by the clock of who released it
 * @param lease how long it may be used without asking again
 * @param storeCredentials of the object store that the ciphertext lies in
 * @param authenticated whether the sender was authenticated; if not, nothing here counts as a pin
 */
public record SecretTerms(
    Optional<String> volumeDigest,
    Optional<String> headerDigest,
    Optional<Instant> expiry,
    LeaseTerms lease,
    Optional<StoreGrant> storeCredentials,
    boolean authenticated) {

  /** Nothing was said. */
  public static final SecretTerms NONE =
      new SecretTerms(Optional.empty(), Optional.empty(), Optional.empty(), false);

  /** Terms without a lease. */
  public SecretTerms(
      Optional<String> volumeDigest,
      Optional<String> headerDigest,
      Optional<Instant> expiry,
      boolean authenticated) {
    this(volumeDigest, headerDigest, expiry, LeaseTerms.NONE, authenticated);
  }

  /** Terms without credentials of a store. */
  public SecretTerms(
      Optional<String> volumeDigest,
      Optional<String> headerDigest,
      Optional<Instant> expiry,
      LeaseTerms lease,
      boolean authenticated) {
    this(volumeDigest, headerDigest, expiry, lease, Optional.empty(), authenticated);
  }

  /** The same with these credentials of a store. */
  public SecretTerms withStoreCredentials(StoreGrant grant) {
    return new SecretTerms(
        volumeDigest, headerDigest, expiry, lease, Optional.of(grant), authenticated);
  }

  /**
   * What travels when it is released at {@code now}: the lease ends with the expiry, so that the
   * client needs no clock of the day to keep to it.
   */
  public SecretTerms atRelease(Instant now) {
    return expiry.isEmpty()
        ? this
        : new SecretTerms(
            volumeDigest,
            headerDigest,
            expiry,
            lease.until(expiry.get(), now),
            storeCredentials,
            authenticated);
  }
}
