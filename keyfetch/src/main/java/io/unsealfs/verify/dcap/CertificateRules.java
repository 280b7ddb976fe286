package io.unsealfs.verify.dcap;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;

/**
 * What every certificate has to be, whoever issued it. Dates and revocation are judged elsewhere,
 * because they have failure names of their own.
 */
final class CertificateRules {
  private static final int DIGITAL_SIGNATURE = 0;
  private static final int KEY_CERT_SIGN = 5;

  private CertificateRules() {}

  /**
   * What is wrong with an authority that {@code issuer} should have certified; empty if nothing.
   */
  static Optional<String> authorityFlaw(X509Certificate authority, X509Certificate issuer) {
    if (authority.getBasicConstraints() < 0) {
      return Optional.of("not an authority");
    }
    if (!maySign(authority, KEY_CERT_SIGN)) {
      return Optional.of("an authority whose key may not sign certificates");
    }
    if (!authority.equals(issuer) && issuer.getBasicConstraints() < 1) {
      return Optional.of("below an authority that may have none below it");
    }
    return flaw(authority, issuer);
  }

  /** What is wrong with a certificate that signs data and no certificates; empty if nothing. */
  static Optional<String> leafFlaw(X509Certificate leaf, X509Certificate issuer) {
    if (leaf.getBasicConstraints() >= 0) {
      return Optional.of("an authority where none may be");
    }
    if (!maySign(leaf, DIGITAL_SIGNATURE)) {
      return Optional.of("a key that may not sign");
    }
    return flaw(leaf, issuer);
  }

  private static Optional<String> flaw(X509Certificate certificate, X509Certificate issuer) {
    if (certificate.hasUnsupportedCriticalExtension()) {
      return Optional.of("a critical extension that is not known");
    }
    if (!P256.isKey(certificate.getPublicKey())) {
      return Optional.of("a key that is not P-256");
    }
    if (!Arrays.equals(
        certificate.getIssuerX500Principal().getEncoded(),
        issuer.getSubjectX500Principal().getEncoded())) {
      return Optional.of("another issuer");
    }
    try {
      certificate.verify(issuer.getPublicKey());
      return Optional.empty();
    } catch (GeneralSecurityException e) {
      return Optional.of("a bad signature");
    }
  }

  private static boolean maySign(X509Certificate certificate, int bit) {
    boolean[] usage = certificate.getKeyUsage();
    return usage != null && usage.length > bit && usage[bit];
  }

  /** The common name of its subject; empty unless there is exactly one. */
  static String commonName(X509Certificate certificate) {
    return commonName(certificate.getSubjectX500Principal());
  }

  /** The common name of its issuer; empty unless there is exactly one. */
  static String issuerCommonName(X509Certificate certificate) {
    return commonName(certificate.getIssuerX500Principal());
  }

  static String commonName(X500Principal principal) {
    try {
      RDN[] names = X500Name.getInstance(principal.getEncoded()).getRDNs(BCStyle.CN);
      return names.length == 1 && !names[0].isMultiValued()
          ? names[0].getFirst().getValue().toString()
          : "";
    } catch (IllegalArgumentException | IllegalStateException | ClassCastException e) {
      // one parser took for a name what the other does not
      return "";
    }
  }
}
