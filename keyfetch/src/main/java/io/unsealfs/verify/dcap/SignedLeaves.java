package io.unsealfs.verify.dcap;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Remembers which platforms' certificates an authority did sign. That never changes, whereas dates
 * and revocation do, so those are no business of this class. A machine that asks again and again
 * costs one signature check fewer each time. Only good certificates are remembered: who has none
 * cannot fill it. Thread-safe.
 */
final class SignedLeaves {
  /** Beyond that many all are forgotten, which costs time and nothing else. */
  static final int MAX_LEAVES = 1024;

  private final Set<String> digests = ConcurrentHashMap.newKeySet();

  /** What is wrong with {@code leaf} as a certificate of {@code issuer}; empty if nothing. */
  Optional<String> flaw(X509Certificate leaf, X509Certificate issuer) {
    String digest = digest(leaf, issuer);
    if (digests.contains(digest)) {
      return Optional.empty();
    }
    Optional<String> flaw = CertificateRules.leafFlaw(leaf, issuer);
    if (flaw.isEmpty()) {
      if (digests.size() >= MAX_LEAVES) {
        digests.clear();
      }
      digests.add(digest);
    }
    return flaw;
  }

  int size() {
    return digests.size();
  }

  /** Of both certificates, every byte; the length of a certificate stands in its first bytes. */
  private static String digest(X509Certificate leaf, X509Certificate issuer) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(leaf.getEncoded());
      sha256.update(issuer.getEncoded());
      return HexFormat.of().formatHex(sha256.digest());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a parsed certificate has no encoding", e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime lacks SHA-256", e);
    }
  }
}
