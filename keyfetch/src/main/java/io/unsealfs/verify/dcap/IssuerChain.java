package io.unsealfs.verify.dcap;

import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Chains of two: who signed a piece of collateral, and the root. */
final class IssuerChain {
  private static final String TCB_SIGNER = "Intel SGX TCB Signing";
  private static final int LENGTH = 2;

  private IssuerChain() {}

  /** The certificate that signs TCB info and QE identity, checked up to the root. */
  static X509Certificate tcbSigner(String pem, TrustedRoot root, Failure failure)
      throws VerificationException {
    byte[] der = below(pem, root, failure);
    X509Certificate signer =
        PemChain.certificate(der)
            .orElseThrow(() -> bad(failure, "a signing certificate", "an unreadable one"));
    String name = CertificateRules.commonName(signer);
    if (!name.equals(TCB_SIGNER)) {
      throw bad(failure, "a certificate named " + TCB_SIGNER, name);
    }
    Optional<String> flaw = CertificateRules.leafFlaw(signer, root.certificate());
    if (flaw.isPresent()) {
      throw bad(failure, "a signing certificate of the root", flaw.get());
    }
    return signer;
  }

  /** The authority that signs a revocation list of platforms, checked up to the root. */
  static X509Certificate pckAuthority(String pem, TrustedRoot root) throws VerificationException {
    X509Certificate authority = authority(below(pem, root, Failure.PCK_CRL), root, Failure.PCK_CRL);
    String name = CertificateRules.commonName(authority);
    for (PlatformType.Authority one : PlatformType.Authority.values()) {
      if (one.commonName().equals(name)) {
        return authority;
      }
    }
    throw bad(Failure.PCK_CRL, "an authority of platforms", name);
  }

  /** An authority right below the root. */
  static X509Certificate authority(byte[] der, TrustedRoot root, Failure failure)
      throws VerificationException {
    X509Certificate authority =
        PemChain.certificate(der)
            .orElseThrow(() -> bad(failure, "an authority's certificate", "an unreadable one"));
    Optional<String> flaw = CertificateRules.authorityFlaw(authority, root.certificate());
    if (flaw.isPresent()) {
      throw bad(failure, "an authority below the root", flaw.get());
    }
    return authority;
  }

  static boolean isEncodedAs(X509Certificate certificate, byte[] der) {
    try {
      return Arrays.equals(certificate.getEncoded(), der);
    } catch (CertificateEncodingException e) {
      return false;
    }
  }

  private static byte[] below(String pem, TrustedRoot root, Failure failure)
      throws VerificationException {
    List<byte[]> chain =
        PemChain.decode(pem)
            .orElseThrow(() -> bad(failure, "an issuer chain in PEM form", "something else"));
    if (chain.size() != LENGTH) {
      throw bad(failure, "an issuer and the root", chain.size() + " certificates");
    }
    if (!root.is(chain.get(1))) {
      throw bad(failure, "an issuer below the trusted root", "another root");
    }
    return chain.get(0);
  }

  private static VerificationException bad(Failure failure, String expected, String actual) {
    return failure.exception(expected, actual);
  }
}
