package io.unsealfs.verify.dcap;

import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.cert.CRLException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1OctetString;

/**
 * A certificate revocation list.
 *
 * @param crl the list
 * @param number its number, which grows with every issue; -1 if it has none
 * @param validity when it is in force
 */
public record RevocationList(X509CRL crl, long number, Validity validity) {
  private static final String CRL_NUMBER = "2.5.29.20";

  /**
   * Parses a list and checks that {@code issuer} signed it.
   *
   * @param name of the piece, for messages
   * @param failure the name under which everything wrong with it goes
   */
  static RevocationList of(byte[] der, X509Certificate issuer, String name, Failure failure)
      throws VerificationException {
    RevocationList list = unchecked(der, name, failure);
    list.checkIssuer(issuer, failure);
    return list;
  }

  /**
   * Parses a list whose issuer is not known yet; {@link #checkIssuer} must follow.
   *
   * @throws VerificationException {@code failure}
   */
  public static RevocationList unchecked(byte[] der, String name, Failure failure)
      throws VerificationException {
    X509CRL crl;
    long number;
    try {
      crl =
          (X509CRL)
              CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(der));
      if (!Arrays.equals(crl.getEncoded(), der)) {
        throw failure.exception("a revocation list and nothing else", "bytes left over");
      }
      number = number(crl);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw failure.exception("a revocation list in DER form", "something unreadable", e);
    }
    if (crl.hasUnsupportedCriticalExtension()
        || crl.getThisUpdate() == null
        || crl.getNextUpdate() == null) {
      throw failure.exception("a complete list with dates", "one without, or a partial one");
    }
    return new RevocationList(
        crl,
        number,
        new Validity(name, crl.getThisUpdate().toInstant(), crl.getNextUpdate().toInstant()));
  }

  /**
   * Checks that {@code issuer} signed it.
   *
   * @throws VerificationException {@code failure}
   */
  public void checkIssuer(X509Certificate issuer, Failure failure) throws VerificationException {
    if (!Arrays.equals(
        crl.getIssuerX500Principal().getEncoded(), issuer.getSubjectX500Principal().getEncoded())) {
      throw failure.exception(
          "a revocation list of " + issuer.getSubjectX500Principal().getName(),
          "one of " + crl.getIssuerX500Principal().getName());
    }
    try {
      crl.verify(issuer.getPublicKey());
    } catch (CRLException e) {
      throw failure.exception("a signed revocation list", "one that cannot be checked", e);
    } catch (GeneralSecurityException e) {
      throw failure.exception("a revocation list signed by its issuer", "a bad signature", e);
    }
  }

  private static long number(X509CRL crl) {
    byte[] wrapped = crl.getExtensionValue(CRL_NUMBER);
    if (wrapped == null) {
      return -1;
    }
    BigInteger number =
        ASN1Integer.getInstance(ASN1OctetString.getInstance(wrapped).getOctets()).getValue();
    if (number.signum() < 0 || number.bitLength() >= Long.SIZE) {
      throw new IllegalArgumentException("list number out of range");
    }
    return number.longValue();
  }

  /** Whether its issuer has this common name. */
  public boolean isFrom(String commonName) {
    return CertificateRules.commonName(crl.getIssuerX500Principal()).equals(commonName);
  }

  /** Whether it names this certificate, which must be one of its issuer's. */
  public boolean revokes(X509Certificate certificate) {
    return crl.getRevokedCertificate(certificate.getSerialNumber()) != null;
  }
}
