package io.unsealfs.verify.snp;

import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.io.IOException;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1IA5String;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;

/**
 * What the certificate of a VCEK or VLEK says in AMD's extensions (AMD 57230).
 *
 * @param certificate the certificate itself; who signed it was not checked
 * @param signer which kind of key it is for
 * @param productName the processor, such as {@code Milan-B0}
 */
record EndorsementKey(X509Certificate certificate, Signer signer, String productName) {
  private static final String EXTENSIONS = "1.3.6.1.4.1.3704.1";
  private static final String STRUCT_VERSION = EXTENSIONS + ".1";
  private static final String PRODUCT_NAME = EXTENSIONS + ".2";
  private static final String TCB = EXTENSIONS + ".3";
  private static final String HARDWARE_ID = EXTENSIONS + ".4";
  private static final String PROVIDER_ID = EXTENSIONS + ".5";
  private static final int NEWEST_STRUCT_VERSION = 1;
  private static final int MAX_SVN = 255;
  private static final int MAX_TEXT_CHARS = 255;
  private static final ECParameterSpec P384 = p384();

  private static ECParameterSpec p384() {
    try {
      AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
      parameters.init(new ECGenParameterSpec("secp384r1"));
      return parameters.getParameterSpec(ECParameterSpec.class);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime lacks P-384", e);
    }
  }

  /**
   * Reads a certificate.
   *
   * @throws VerificationException VCEK_CHAIN if it is of neither kind or not as it must be
   */
  static EndorsementKey of(X509Certificate certificate) throws VerificationException {
    String name = AuthorityRules.commonName(certificate.getSubjectX500Principal());
    Signer signer =
        Arrays.stream(Signer.values())
            .filter(kind -> kind.commonName().equals(name))
            .findAny()
            .orElseThrow(() -> bad("the common name \"" + name + "\""));
    if (certificate.getBasicConstraints() >= 0) {
      throw bad("an authority");
    }
    if (!(certificate.getPublicKey() instanceof ECPublicKey key)
        || !key.getParams().getCurve().equals(P384.getCurve())
        || !key.getParams().getGenerator().equals(P384.getGenerator())) {
      throw bad("a key that is not P-384");
    }
    int version = number(certificate, STRUCT_VERSION).orElseThrow(() -> bad("no struct version"));
    if (version > NEWEST_STRUCT_VERSION) {
      throw bad("struct version " + version);
    }
    boolean hasHardware = certificate.getExtensionValue(HARDWARE_ID) != null;
    boolean hasProvider = certificate.getExtensionValue(PROVIDER_ID) != null;
    if (signer == Signer.VCEK ? !hasHardware || hasProvider : hasHardware || !hasProvider) {
      throw bad("a hardware id or a provider's where the other should be");
    }
    String product = text(certificate, PRODUCT_NAME);
    if (signer == Signer.VLEK) {
      text(certificate, PROVIDER_ID);
    }
    return new EndorsementKey(certificate, signer, product);
  }

  /**
   * The TCB it is for, in the layout of its product.
   *
   * @throws VerificationException VCEK_CHAIN if a part is missing or out of range
   */
  byte[] tcb(TcbLayout layout) throws VerificationException {
    byte[] tcb = new byte[TcbLayout.BYTES];
    for (int at = 0; at < tcb.length; at++) {
      String oid = TCB + "." + layout.extension(at);
      Optional<Integer> part = number(certificate, oid);
      if (part.isEmpty() && !layout.isReserved(at)) {
        throw bad("no extension " + oid);
      }
      tcb[at] = part.orElse(0).byteValue();
    }
    return tcb;
  }

  /**
   * The chip it is for.
   *
   * @param bytes how many bytes name a chip
   * @return empty if it has an id of another length, or none
   */
  Optional<byte[]> hardwareId(int bytes) {
    byte[] wrapped = certificate.getExtensionValue(HARDWARE_ID);
    if (wrapped == null) {
      return Optional.empty();
    }
    try {
      // the id stands there bare, without an ASN.1 type of its own
      byte[] id = ASN1OctetString.getInstance(wrapped).getOctets();
      return id.length == bytes ? Optional.of(id) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Optional<Integer> number(X509Certificate certificate, String oid)
      throws VerificationException {
    Optional<ASN1Primitive> value = value(certificate, oid);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    if (!(value.get() instanceof ASN1Integer integer)) {
      throw bad("extension " + oid + " that is no number");
    }
    BigInteger number = integer.getValue();
    if (number.signum() < 0 || number.compareTo(BigInteger.valueOf(MAX_SVN)) > 0) {
      throw bad("extension " + oid + " out of range");
    }
    return Optional.of(number.intValue());
  }

  private static String text(X509Certificate certificate, String oid) throws VerificationException {
    if (value(certificate, oid).orElse(null) instanceof ASN1IA5String text
        && text.getString().length() <= MAX_TEXT_CHARS) {
      return text.getString();
    }
    throw bad("no text in extension " + oid);
  }

  private static Optional<ASN1Primitive> value(X509Certificate certificate, String oid)
      throws VerificationException {
    byte[] wrapped = certificate.getExtensionValue(oid);
    if (wrapped == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          ASN1Primitive.fromByteArray(ASN1OctetString.getInstance(wrapped).getOctets()));
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      throw Failure.VCEK_CHAIN.exception(
          "a certificate with AMD's extensions", "an unreadable extension " + oid, e);
    }
  }

  private static VerificationException bad(String actual) {
    return Failure.VCEK_CHAIN.exception("a certificate of a VCEK or VLEK", actual);
  }
}
