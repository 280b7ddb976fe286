package io.unsealfs.verify.dcap;

import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;

/**
 * What a platform's certificate says in Intel's extension.
 *
 * @param certificate the certificate itself
 * @param components the sixteen security versions of the platform
 * @param pcesvn security version of the provisioning enclave
 * @param pceId its identity, two bytes
 * @param fmspc the platform's type, six bytes
 */
@SuppressWarnings("ArrayRecordComponent") // an internal value, never compared
record PckCertificate(
    X509Certificate certificate, int[] components, int pcesvn, byte[] pceId, byte[] fmspc) {
  static final String COMMON_NAME = "Intel SGX PCK Certificate";
  static final int COMPONENTS = 16;

  private static final String EXTENSION = "1.2.840.113741.1.13.1";
  private static final String TCB = EXTENSION + ".2";
  private static final String PCE_ID = EXTENSION + ".3";
  private static final String FMSPC = EXTENSION + ".4";
  private static final int MAX_ENTRIES = 64;
  private static final int MAX_SVN = 255;
  private static final int MAX_PCESVN = 65535;

  /**
   * Reads the extension.
   *
   * @throws VerificationException PCK_CHAIN if it is not there or not as it must be
   */
  static PckCertificate of(X509Certificate certificate) throws VerificationException {
    try {
      byte[] wrapped = certificate.getExtensionValue(EXTENSION);
      if (wrapped == null) {
        throw bad("no such extension");
      }
      Map<String, ASN1Encodable> entries =
          entries(ASN1Sequence.getInstance(ASN1OctetString.getInstance(wrapped).getOctets()));
      Map<String, ASN1Encodable> tcb = entries(ASN1Sequence.getInstance(entry(entries, TCB)));
      int[] components = new int[COMPONENTS];
      for (int i = 0; i < COMPONENTS; i++) {
        components[i] = number(tcb, TCB + "." + (i + 1), MAX_SVN);
      }
      return new PckCertificate(
          certificate,
          components,
          number(tcb, TCB + ".17", MAX_PCESVN),
          octets(entries, PCE_ID, 2),
          octets(entries, FMSPC, 6));
    } catch (IllegalArgumentException | IllegalStateException | ClassCastException e) {
      throw Failure.PCK_CHAIN.exception(
          "a certificate with Intel's platform extension", "one that cannot be read", e);
    }
  }

  private static Map<String, ASN1Encodable> entries(ASN1Sequence sequence)
      throws VerificationException {
    if (sequence.size() > MAX_ENTRIES) {
      throw bad(sequence.size() + " entries");
    }
    Map<String, ASN1Encodable> entries = new HashMap<>();
    for (ASN1Encodable element : sequence) {
      ASN1Sequence pair = ASN1Sequence.getInstance(element);
      if (pair.size() != 2) {
        throw bad("an entry of " + pair.size() + " parts");
      }
      String name = ASN1ObjectIdentifier.getInstance(pair.getObjectAt(0)).getId();
      if (entries.put(name, pair.getObjectAt(1)) != null) {
        throw bad("a repeated entry " + name);
      }
    }
    return entries;
  }

  private static ASN1Encodable entry(Map<String, ASN1Encodable> entries, String name)
      throws VerificationException {
    ASN1Encodable value = entries.get(name);
    if (value == null) {
      throw bad("no entry " + name);
    }
    return value;
  }

  private static int number(Map<String, ASN1Encodable> entries, String name, int max)
      throws VerificationException {
    BigInteger number = ASN1Integer.getInstance(entry(entries, name)).getValue();
    if (number.signum() < 0 || number.bitLength() > Integer.SIZE - 1 || number.intValue() > max) {
      throw bad("entry " + name + " out of range");
    }
    return number.intValue();
  }

  private static byte[] octets(Map<String, ASN1Encodable> entries, String name, int size)
      throws VerificationException {
    byte[] octets = ASN1OctetString.getInstance(entry(entries, name)).getOctets();
    if (octets.length != size) {
      throw bad("entry " + name + " with " + octets.length + " bytes");
    }
    return octets;
  }

  private static VerificationException bad(String actual) {
    return Failure.PCK_CHAIN.exception("a certificate with Intel's platform extension", actual);
  }

  /** The platform's type in lower-case hex. */
  String fmspcHex() {
    return HexFormat.of().formatHex(fmspc);
  }
}
