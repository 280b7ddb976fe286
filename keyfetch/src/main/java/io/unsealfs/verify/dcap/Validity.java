package io.unsealfs.verify.dcap;

import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * When a piece is in force; both ends belong to it.
 *
 * @param piece its name, for messages
 */
public record Validity(String piece, Instant notBefore, Instant notAfter) {
  /** How far the clock here may be behind the one of the issuer. */
  private static final Duration SKEW = Duration.ofMinutes(5);

  /** When a certificate is in force. */
  public static Validity of(String piece, X509Certificate certificate) {
    return new Validity(
        piece, certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant());
  }

  /**
   * Refuses a time outside.
   *
   * @throws VerificationException under one name for each end
   */
  public void check(Instant now, Failure expired, Failure notYet) throws VerificationException {
    Instant seconds = now.truncatedTo(ChronoUnit.SECONDS);
    if (seconds.isAfter(notAfter)) {
      throw expired.exception(piece + " in force at " + seconds, "it ended " + notAfter);
    }
    if (seconds.plus(SKEW).isBefore(notBefore)) {
      throw notYet.exception(piece + " in force at " + seconds, "it begins " + notBefore);
    }
  }
}
