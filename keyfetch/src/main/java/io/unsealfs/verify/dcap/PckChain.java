package io.unsealfs.verify.dcap;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * The chain of a platform's certificate as a quote carries it: leaf, authority, root. Parsed, and
 * checked for the right names; signatures are checked by {@link #verify}.
 */
final class PckChain {
  private static final int LENGTH = 3;

  private final PckCertificate leaf;
  private final byte[] authorityDer;
  private final byte[] rootDer;
  private final PlatformType.Authority authority;

  private PckChain(
      PckCertificate leaf, byte[] authorityDer, byte[] rootDer, PlatformType.Authority authority) {
    this.leaf = leaf;
    this.authorityDer = authorityDer;
    this.rootDer = rootDer;
    this.authority = authority;
  }

  /**
   * Parses the chain of a quote, or the one that collateral brings for it.
   *
   * @throws VerificationException PCK_CHAIN; QUOTE_UNSUPPORTED if there is none
   */
  static PckChain of(Quote quote, Optional<String> instead) throws VerificationException {
    Quote.SignatureData signature = quote.signature();
    if (signature.certificationType() == Quote.CERTIFICATES_PEM) {
      return parse(pem(signature.certification()));
    }
    if (instead.isPresent()) {
      return parse(instead.get());
    }
    throw Failure.QUOTE_UNSUPPORTED.exception(
        "certification data 5 (a chain), or collateral with pck_certificate_chain",
        "type " + signature.certificationType());
  }

  /** One byte is one character, so that nothing is lost; one zero byte may end the text. */
  private static String pem(byte[] bytes) {
    int length = bytes.length > 0 && bytes[bytes.length - 1] == 0 ? bytes.length - 1 : bytes.length;
    return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
  }

  private static PckChain parse(String pem) throws VerificationException {
    List<byte[]> chain = PemChain.decode(pem).orElseThrow(() -> bad("something else"));
    if (chain.size() != LENGTH) {
      throw bad(chain.size() + " certificates");
    }
    X509Certificate leaf =
        PemChain.certificate(chain.get(0)).orElseThrow(() -> bad("an unreadable one"));
    String name = CertificateRules.commonName(leaf);
    if (!name.equals(PckCertificate.COMMON_NAME)) {
      throw bad("one for " + name);
    }
    String issuer = CertificateRules.issuerCommonName(leaf);
    for (PlatformType.Authority authority : PlatformType.Authority.values()) {
      if (authority.commonName().equals(issuer)) {
        return new PckChain(PckCertificate.of(leaf), chain.get(1), chain.get(2), authority);
      }
    }
    throw bad("one issued by " + issuer);
  }

  private static VerificationException bad(String actual) {
    return Failure.PCK_CHAIN.exception("PCK certificate, its authority and the root", actual);
  }

  PckCertificate leaf() {
    return leaf;
  }

  PlatformType type(Claims.Tee tee) {
    return new PlatformType(tee, leaf.fmspcHex(), authority);
  }

  /**
   * Checks every signature up to the root.
   *
   * @param known an authority that was checked already, which saves doing it again
   * @return the authority's certificate
   */
  X509Certificate verify(TrustedRoot root, Optional<X509Certificate> known)
      throws VerificationException {
    if (!root.is(rootDer)) {
      throw Failure.PCK_CHAIN.exception("a chain up to the trusted root", "another root");
    }
    X509Certificate issuer =
        known.isPresent() && IssuerChain.isEncodedAs(known.get(), authorityDer)
            ? known.get()
            : IssuerChain.authority(authorityDer, root, Failure.PCK_CHAIN);
    if (!CertificateRules.commonName(issuer).equals(authority.commonName())) {
      throw bad("an authority named " + CertificateRules.commonName(issuer));
    }
    Optional<String> flaw = CertificateRules.leafFlaw(leaf.certificate(), issuer);
    if (flaw.isPresent()) {
      throw bad("a PCK certificate with " + flaw.get());
    }
    return issuer;
  }
}
