package io.unsealfs.verify.snp;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.InvalidParameterSpecException;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Arrays;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;

/**
 * What AMD's authorities, and what they sign, have to be (AMD 57230): RSA of 4096 bits, RSASSA-PSS
 * with SHA-384. Dates and revocation are judged elsewhere.
 */
final class AuthorityRules {
  private static final String PSS = "1.2.840.113549.1.1.10";
  private static final int KEY_BITS = 4096;
  private static final int SALT_BYTES = 48;
  private static final int KEY_CERT_SIGN = 5;

  private AuthorityRules() {}

  /** What is wrong with an authority that {@code issuer} should have certified. */
  static Optional<String> flaw(X509Certificate authority, X509Certificate issuer) {
    if (authority.getBasicConstraints() < 0) {
      return Optional.of("not an authority");
    }
    boolean[] usage = authority.getKeyUsage();
    if (usage == null || usage.length <= KEY_CERT_SIGN || !usage[KEY_CERT_SIGN]) {
      return Optional.of("an authority whose key may not sign certificates");
    }
    if (!authority.equals(issuer) && issuer.getBasicConstraints() < 1) {
      return Optional.of("below an authority that may have none below it");
    }
    if (!(authority.getPublicKey() instanceof RSAPublicKey key)
        || key.getModulus().bitLength() != KEY_BITS) {
      return Optional.of("a key that is not RSA of 4096 bits");
    }
    return signatureFlaw(authority, issuer);
  }

  /** What is wrong with what {@code issuer} should have signed. */
  static Optional<String> signatureFlaw(X509Certificate certificate, X509Certificate issuer) {
    if (certificate.hasUnsupportedCriticalExtension()) {
      return Optional.of("a critical extension that is not known");
    }
    if (!Arrays.equals(
        certificate.getIssuerX500Principal().getEncoded(),
        issuer.getSubjectX500Principal().getEncoded())) {
      return Optional.of("another issuer");
    }
    if (!certificate.getSigAlgOID().equals(PSS) || !isSha384(certificate.getSigAlgParams())) {
      return Optional.of("a signature that is not RSASSA-PSS with SHA-384");
    }
    try {
      certificate.verify(issuer.getPublicKey());
      return Optional.empty();
    } catch (GeneralSecurityException e) {
      return Optional.of("a bad signature");
    }
  }

  private static boolean isSha384(byte[] encoded) {
    if (encoded == null) {
      return false;
    }
    try {
      AlgorithmParameters parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
      parameters.init(encoded);
      PSSParameterSpec spec = parameters.getParameterSpec(PSSParameterSpec.class);
      return spec.getDigestAlgorithm().equals("SHA-384")
          && spec.getMGFParameters() instanceof MGF1ParameterSpec mask
          && mask.getDigestAlgorithm().equals("SHA-384")
          && spec.getSaltLength() == SALT_BYTES;
    } catch (IOException | InvalidParameterSpecException e) {
      return false;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime lacks RSASSA-PSS", e);
    }
  }

  /** The one common name; empty if there is none, or more. */
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
