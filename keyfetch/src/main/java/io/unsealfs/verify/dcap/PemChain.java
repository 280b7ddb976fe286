package io.unsealfs.verify.dcap;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1BitString;
import org.bouncycastle.asn1.ASN1Sequence;

/**
 * Reads certificates in PEM form, strictly: lines of Base64 between the two marker lines, nothing
 * else but line ends. So two texts that differ in more than line ends are never the same chain.
 */
public final class PemChain {
  private static final String BEGIN = "-----BEGIN CERTIFICATE-----";
  private static final String END = "-----END CERTIFICATE-----";
  private static final int MAX_CERTIFICATES = 4;
  private static final int MAX_DER_BYTES = 16 << 10;

  private PemChain() {}

  /** The DER of each certificate; empty if the text is anything else. */
  public static Optional<List<byte[]>> decode(String pem) {
    List<byte[]> chain = new ArrayList<>();
    StringBuilder base64 = new StringBuilder();
    boolean inside = false;
    for (String line : pem.split("\r?\n", -1)) {
      if (line.equals(inside ? END : BEGIN)) {
        if (inside) {
          Optional<byte[]> der = canonicalBase64(base64.toString());
          if (der.isEmpty() || chain.size() == MAX_CERTIFICATES) {
            return Optional.empty();
          }
          chain.add(der.get());
        }
        base64.setLength(0);
        inside = !inside;
      } else if (inside) {
        base64.append(line);
      } else if (!line.isEmpty()) {
        return Optional.empty();
      }
    }
    return inside || chain.isEmpty() ? Optional.empty() : Optional.of(chain);
  }

  /** Bits that carry nothing must be zero, else one certificate would have several spellings. */
  private static Optional<byte[]> canonicalBase64(String text) {
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      return bytes.length <= MAX_DER_BYTES && Base64.getEncoder().encodeToString(bytes).equals(text)
          ? Optional.of(bytes)
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Parses one certificate; empty unless it is one and nothing follows. */
  public static Optional<X509Certificate> certificate(byte[] der) {
    try {
      X509Certificate certificate =
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(der));
      return Arrays.equals(certificate.getEncoded(), der) && signatureIsWholeBytes(der)
          ? Optional.of(certificate)
          : Optional.empty();
    } catch (CertificateException e) {
      return Optional.empty();
    }
  }

  /**
   * The JDK clears bits of a signature's last byte that its bit string does not count, and verifies
   * the rest: two encodings of one certificate, of which only one was issued.
   */
  private static boolean signatureIsWholeBytes(byte[] der) {
    try {
      ASN1Sequence certificate = ASN1Sequence.getInstance(der);
      return certificate.size() == 3
          && ASN1BitString.getInstance(certificate.getObjectAt(2)).getPadBits() == 0;
    } catch (IllegalArgumentException | IllegalStateException | ClassCastException e) {
      // one parser took for a certificate what the other does not
      return false;
    }
  }
}
