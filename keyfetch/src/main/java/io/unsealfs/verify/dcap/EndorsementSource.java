package io.unsealfs.verify.dcap;

import io.unsealfs.verify.VerificationException;
import java.time.Instant;

/** Where checked collateral comes from. Thread-safe. */
@FunctionalInterface
public interface EndorsementSource {

  /**
   * The collateral to judge platforms of one type by.
   *
   * @param now the time it should be in force; what is not may be returned and is refused later
   * @throws VerificationException COLLATERAL_MISSING if there is none, or what is wrong with it
   */
  Endorsements find(PlatformType platform, Instant now) throws VerificationException;
}
