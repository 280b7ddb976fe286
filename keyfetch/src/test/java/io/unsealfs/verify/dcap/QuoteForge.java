package io.unsealfs.verify.dcap;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Date;
import java.util.HexFormat;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A maker of hardware of its own: a root, a platform below it, collateral and quotes. For tests
 * that need a quote over report data nobody could know before.
 */
public final class QuoteForge {
  private static final String PCK = "1.2.840.113741.1.13.1";
  private static final String PLATFORM_CA = "Intel SGX PCK Platform CA";
  private static final int EXTENSIONLESS_AUTH_BYTES = 32;

  private final Instant from;
  private final Instant to;
  private final KeyPair rootKey = keyPair();
  private final KeyPair authorityKey = keyPair();
  private final KeyPair signerKey = keyPair();
  private final KeyPair pckKey = keyPair();
  private final KeyPair attestationKey = keyPair();
  private final byte[] rootDer;
  private final byte[] authorityDer;
  private final byte[] signerDer;
  private final byte[] pckDer;

  /** A maker whose certificates and collateral are in force around {@code now}. */
  public QuoteForge(Instant now) {
    from = now.truncatedTo(ChronoUnit.SECONDS).minus(Duration.ofDays(1));
    to = from.plus(Duration.ofDays(30));
    X500Name root = name("Intel SGX Root CA");
    rootDer = certificate(root, rootKey, root, rootKey.getPrivate(), 1, Optional.empty());
    authorityDer =
        certificate(
            name(PLATFORM_CA), authorityKey, root, rootKey.getPrivate(), 0, Optional.empty());
    signerDer =
        certificate(
            name("Intel SGX TCB Signing"),
            signerKey,
            root,
            rootKey.getPrivate(),
            -1,
            Optional.empty());
    pckDer =
        certificate(
            name(PckCertificate.COMMON_NAME),
            pckKey,
            name(PLATFORM_CA),
            authorityKey.getPrivate(),
            -1,
            Optional.of(pckExtension()));
  }

  /** The root that all of it leads to. */
  public TrustedRoot root() {
    return TrustedRoot.replacedBy(rootDer).orElseThrow();
  }

  /** Collateral for its only platform. */
  public Collateral collateral() {
    String zeros = "0".repeat(96);
    String components = "[" + "{\"svn\":1},".repeat(15) + "{\"svn\":1}]";
    String dates = "\"issueDate\":\"%s\",\"nextUpdate\":\"%s\"".formatted(from, to);
    String level = "\"tcbDate\":\"2026-01-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"";
    String tcbInfo =
        ("{\"id\":\"TDX\",\"version\":3,%s,\"fmspc\":\"00806F050000\",\"pceId\":\"0000\","
                + "\"tcbType\":0,\"tcbEvaluationDataNumber\":20,\"tdxModule\":{\"mrsigner\":\"%s\","
                + "\"attributes\":\"0000000000000000\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\"},"
                + "\"tcbLevels\":[{\"tcb\":{\"sgxtcbcomponents\":%s,\"pcesvn\":13,"
                + "\"tdxtcbcomponents\":%s},%s}]}")
            .formatted(dates, zeros, components, components.replace("1", "0"), level);
    String qeIdentity =
        ("{\"id\":\"TD_QE\",\"version\":2,%s,\"tcbEvaluationDataNumber\":20,"
                + "\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\",\"attributes\":\"%s\","
                + "\"attributesMask\":\"%s\",\"mrsigner\":\"%s\",\"isvprodid\":0,"
                + "\"tcbLevels\":[{\"tcb\":{\"isvsvn\":0},%s}]}")
            .formatted(dates, "0".repeat(32), "F".repeat(32), "0".repeat(64), level);
    String signerChain = pem(signerDer) + pem(rootDer);
    return new Collateral(
        tcbInfo,
        signed(signerKey.getPrivate(), tcbInfo.getBytes(UTF_8)),
        signerChain,
        qeIdentity,
        signed(signerKey.getPrivate(), qeIdentity.getBytes(UTF_8)),
        signerChain,
        crl(name("Intel SGX Root CA"), rootKey.getPrivate()),
        crl(name(PLATFORM_CA), authorityKey.getPrivate()),
        Optional.of(pem(authorityDer) + pem(rootDer)),
        Optional.empty());
  }

  /** A version 4 quote of a TD that may not be debugged, over 64 bytes of report data. */
  public byte[] quote(byte[] reportData) {
    ByteBuffer signed = ByteBuffer.allocate(48 + TdReport.SIZE_10).order(ByteOrder.LITTLE_ENDIAN);
    signed.putShort((short) 4).putShort((short) 2).putInt(0x81).putInt(0);
    signed.put(HexFormat.of().parseHex("939a7233f79c4ca9940a0db3957f0607"));
    signed.putLong(48 + 120, 1L << 28);
    signed.putLong(48 + 128, 0xE7);
    signed.position(48 + 136).put("firmware".getBytes(UTF_8));
    signed.position(48 + 520).put(reportData);
    byte[] attestationPoint = point(attestationKey);
    byte[] auth = new byte[EXTENSIONLESS_AUTH_BYTES];
    byte[] qeReport = new byte[SgxReport.SIZE];
    byte[] vouched = sha256(attestationPoint, auth);
    System.arraycopy(vouched, 0, qeReport, 320, vouched.length);
    byte[] chain = (pem(pckDer) + pem(authorityDer) + pem(rootDer)).getBytes(UTF_8);
    ByteBuffer certified =
        ByteBuffer.allocate(384 + 64 + 2 + auth.length + 6 + chain.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(qeReport)
            .put(signed(pckKey.getPrivate(), qeReport))
            .putShort((short) auth.length)
            .put(auth)
            .putShort((short) Quote.CERTIFICATES_PEM)
            .putInt(chain.length)
            .put(chain);
    int signatureBytes = 64 + 64 + 6 + certified.capacity();
    return ByteBuffer.allocate(signed.capacity() + 4 + signatureBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(signed.array())
        .putInt(signatureBytes)
        .put(signed(attestationKey.getPrivate(), signed.array()))
        .put(attestationPoint)
        .putShort((short) 6)
        .putInt(certified.capacity())
        .put(certified.array())
        .array();
  }

  private static KeyPair keyPair() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static X500Name name(String commonName) {
    return new X500Name("C=US,O=Test data,CN=" + commonName);
  }

  private byte[] certificate(
      X500Name subject,
      KeyPair key,
      X500Name issuer,
      PrivateKey issuerKey,
      int pathLength,
      Optional<ASN1Encodable> pck) {
    try {
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              issuer,
              new BigInteger(64, new SecureRandom()).setBit(63),
              Date.from(from),
              Date.from(to.plus(Duration.ofDays(300))),
              subject,
              key.getPublic());
      boolean authority = pathLength >= 0;
      builder.addExtension(
          Extension.basicConstraints,
          true,
          authority ? new BasicConstraints(pathLength) : new BasicConstraints(false));
      builder.addExtension(
          Extension.keyUsage,
          true,
          new KeyUsage(
              authority ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.digitalSignature));
      if (pck.isPresent()) {
        builder.addExtension(new ASN1ObjectIdentifier(PCK), false, pck.get());
      }
      return builder.build(signer(issuerKey)).getEncoded();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ASN1Encodable pckExtension() {
    ASN1EncodableVector tcb = new ASN1EncodableVector();
    for (int i = 1; i <= PckCertificate.COMPONENTS; i++) {
      tcb.add(entry(".2." + i, new ASN1Integer(1)));
    }
    tcb.add(entry(".2.17", new ASN1Integer(13)));
    ASN1EncodableVector all = new ASN1EncodableVector();
    all.add(entry(".2", new DERSequence(tcb)));
    all.add(entry(".3", new DEROctetString(new byte[2])));
    all.add(entry(".4", new DEROctetString(HexFormat.of().parseHex("00806f050000"))));
    return new DERSequence(all);
  }

  private static ASN1Encodable entry(String name, ASN1Encodable value) {
    return new DERSequence(new ASN1Encodable[] {new ASN1ObjectIdentifier(PCK + name), value});
  }

  private byte[] crl(X500Name issuer, PrivateKey key) {
    try {
      X509v2CRLBuilder builder = new X509v2CRLBuilder(issuer, Date.from(from));
      builder.setNextUpdate(Date.from(to));
      builder.addExtension(Extension.cRLNumber, false, new CRLNumber(BigInteger.ONE));
      return builder.build(signer(key)).getEncoded();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ContentSigner signer(PrivateKey key) {
    try {
      return new JcaContentSignerBuilder("SHA256withECDSA").build(key);
    } catch (OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] signed(PrivateKey key, byte[] data) {
    try {
      Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
      signature.initSign(key);
      signature.update(data);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] point(KeyPair key) {
    ECPublicKey ec = (ECPublicKey) key.getPublic();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (BigInteger number : new BigInteger[] {ec.getW().getAffineX(), ec.getW().getAffineY()}) {
      out.writeBytes(HexFormat.of().parseHex("%064x".formatted(number)));
    }
    return out.toByteArray();
  }

  private static byte[] sha256(byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (byte[] part : parts) {
        digest.update(part);
      }
      return digest.digest();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String pem(byte[] der) {
    return "-----BEGIN CERTIFICATE-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END CERTIFICATE-----\n";
  }
}
