package io.unsealfs.verify.snp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERIA5String;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSASSAPSSparams;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;

/**
 * A maker of processors of its own, with authorities as AMD has them: RSA of 4096 bits with PSS
 * above, P-384 below. Everything about it can be made wrong.
 */
public final class ReportForge {
  private static final String AMD = "1.3.6.1.4.1.3704.1";
  private static final KeyPair ROOT_KEY = rsa();
  private static final KeyPair AUTHORITY_KEY = rsa();
  private static final KeyPair CHIP_KEY = ec();

  private final Instant from;
  private final Instant to;

  /** The line, its name in certificates and the cpuid bytes of its reports. */
  String line = "Milan";

  String productName = "Milan-B0";
  byte[] cpuid = {0x19, 0x01, 0x01};
  Signer signer = Signer.VCEK;
  int version = 3;
  byte[] tcb = {4, 0, 0, 0, 0, 0, 8, (byte) 0xD1};
  byte[] currentTcb = {4, 0, 0, 0, 0, 0, 9, (byte) 0xD1};
  byte[] certifiedTcb = tcb;
  byte[] chipId = chip(64);
  byte[] certifiedChipId = chip(64);
  long guestPolicy = 0x30000;
  int vmpl;
  int authorityPathLength;
  String rootName = "";
  String authorityName = "";
  String leafName = "";
  boolean revoked;
  KeyPair chipKey = CHIP_KEY;
  KeyPair signingKey = CHIP_KEY;
  String digest = "SHA-384";

  /** A maker whose certificates and lists are in force around {@code now}. */
  public ReportForge(Instant now) {
    from = now.truncatedTo(ChronoUnit.SECONDS).minus(Duration.ofDays(1));
    to = from.plus(Duration.ofDays(30));
  }

  /** The measurement of every guest it starts. */
  public static byte[] measurement() {
    byte[] measurement = new byte[48];
    java.util.Arrays.fill(measurement, (byte) 0xBB);
    return measurement;
  }

  private static byte[] chip(int used) {
    byte[] id = new byte[64];
    java.util.Arrays.fill(id, 0, used, (byte) 0x5C);
    return id;
  }

  /** A processor of the fifth generation, whose TCB is laid out otherwise. */
  ReportForge turin() {
    line = "Turin";
    productName = "Turin-B0";
    cpuid = new byte[] {0x1A, 0x02, 0x00};
    tcb = new byte[] {1, 2, 3, 4, 0, 0, 0, 5};
    currentTcb = tcb;
    certifiedTcb = tcb;
    chipId = chip(8);
    certifiedChipId = java.util.Arrays.copyOf(chip(8), 8);
    return this;
  }

  /** A report signed by the key that a provider loaded. */
  ReportForge vlek() {
    signer = Signer.VLEK;
    return this;
  }

  /** Its root, and nothing else. */
  public AmdRoots roots() {
    return AmdRoots.replacedBy(root()).orElseThrow();
  }

  /** Its revocation list below its root; chains come with the reports. */
  public SnpEndorsements endorsements() {
    try {
      return new SnpEndorsements.Builder(roots()).add(revocationList()).build();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  byte[] root() {
    X500Name name = name(rootName.isEmpty() ? "ARK-" + line : rootName);
    return certificate(name, ROOT_KEY, name, ROOT_KEY.getPrivate(), Integer.MAX_VALUE);
  }

  byte[] authority() {
    return certificate(
        authorityName(),
        AUTHORITY_KEY,
        name("ARK-" + line),
        ROOT_KEY.getPrivate(),
        authorityPathLength);
  }

  private X500Name authorityName() {
    String kind = signer == Signer.VCEK ? "SEV-" : "SEV-VLEK-";
    return name(authorityName.isEmpty() ? kind + line : authorityName);
  }

  byte[] leaf() {
    return certificate(
        name(leafName.isEmpty() ? signer.commonName() : leafName),
        chipKey,
        authorityName(),
        AUTHORITY_KEY.getPrivate(),
        -1);
  }

  /** The list of its root; names its authority if that is {@link #revoked}. */
  byte[] revocationList() {
    try {
      X509v2CRLBuilder builder = new X509v2CRLBuilder(name("ARK-" + line), Date.from(from));
      builder.setNextUpdate(Date.from(to));
      builder.addExtension(Extension.cRLNumber, false, new CRLNumber(BigInteger.ONE));
      builder.addCRLEntry(BigInteger.valueOf(revoked ? 0x10001 : 0x10077), Date.from(from), 0);
      return builder.build(new Pss(ROOT_KEY.getPrivate(), digest)).getEncoded();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A report without certificates. */
  public byte[] report(byte[] reportData) {
    ByteBuffer report = ByteBuffer.allocate(Report.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    report.putInt(0, version).putInt(4, 7).putLong(8, guestPolicy).putInt(0x30, vmpl);
    report.putInt(0x34, 1).put(0x38, currentTcb).putLong(0x40, 1);
    report.putInt(0x48, signer == Signer.VCEK ? 0 : 1 << 2);
    report.put(0x50, reportData).put(0x90, measurement());
    report.put(0x180, tcb).put(0x1A0, chipId).put(0x1E0, tcb).put(0x1F0, tcb);
    if (version >= 3) {
      report.put(0x188, cpuid);
    }
    byte[] bytes = report.array();
    sign(bytes);
    return bytes;
  }

  /** Signs a report again, after something in it was changed. */
  void sign(byte[] report) {
    try {
      Signature signature = Signature.getInstance("SHA384withECDSAinP1363Format");
      signature.initSign(signingKey.getPrivate());
      signature.update(report, 0, Report.SIGNATURE_AT);
      byte[] both = signature.sign();
      for (int i = 0; i < 48; i++) {
        report[Report.SIGNATURE_AT + i] = both[47 - i];
        report[Report.SIGNATURE_AT + 72 + i] = both[95 - i];
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A report and the certificates it takes, as a host hands them out. */
  public byte[] evidence(byte[] reportData) {
    Map<UUID, byte[]> entries = new LinkedHashMap<>();
    entries.put(signer == Signer.VCEK ? CertificateTable.VCEK : CertificateTable.VLEK, leaf());
    entries.put(CertificateTable.ASK, authority());
    return concat(report(reportData), table(entries));
  }

  static byte[] table(Map<UUID, byte[]> entries) {
    int at = 24 * (entries.size() + 1);
    int size = at;
    for (byte[] value : entries.values()) {
      size += value.length;
    }
    ByteBuffer table = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    int entry = 0;
    for (Map.Entry<UUID, byte[]> one : entries.entrySet()) {
      table.position(entry).order(ByteOrder.BIG_ENDIAN);
      table.putLong(one.getKey().getMostSignificantBits());
      table.putLong(one.getKey().getLeastSignificantBits());
      table.order(ByteOrder.LITTLE_ENDIAN).putInt(at).putInt(one.getValue().length);
      table.put(at, one.getValue());
      at += one.getValue().length;
      entry += 24;
    }
    return table.array();
  }

  static byte[] concat(byte[] one, byte[] other) {
    ByteBuffer both = ByteBuffer.allocate(one.length + other.length);
    return both.put(one).put(other).array();
  }

  private byte[] certificate(
      X500Name subject, KeyPair key, X500Name issuer, PrivateKey issuerKey, int pathLength) {
    try {
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              issuer,
              // every chip has the same number, as AMD's do
              BigInteger.valueOf(pathLength < 0 ? 0 : subject.equals(issuer) ? 0x10000 : 0x10001),
              Date.from(from),
              Date.from(to),
              subject,
              key.getPublic());
      if (pathLength >= 0) {
        builder.addExtension(
            Extension.basicConstraints,
            true,
            pathLength == Integer.MAX_VALUE
                ? new BasicConstraints(true)
                : new BasicConstraints(pathLength));
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign));
      } else {
        addExtensions(builder);
      }
      return builder.build(new Pss(issuerKey, digest)).getEncoded();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void addExtensions(X509v3CertificateBuilder builder) throws IOException {
    add(builder, ".1", new ASN1Integer(line.equals("Turin") ? 1 : 0).getEncoded());
    add(builder, ".2", new DERIA5String(productName).getEncoded());
    TcbLayout layout = line.equals("Turin") ? TcbLayout.TURIN : TcbLayout.MILAN_GENOA;
    for (int at = 0; at < certifiedTcb.length; at++) {
      add(
          builder,
          ".3." + layout.extension(at),
          new ASN1Integer(Byte.toUnsignedInt(certifiedTcb[at])).getEncoded());
    }
    if (signer == Signer.VCEK) {
      add(builder, ".4", certifiedChipId);
    } else {
      add(builder, ".5", new DERIA5String("cloud.example").getEncoded());
    }
  }

  private static void add(X509v3CertificateBuilder builder, String oid, byte[] value)
      throws IOException {
    builder.addExtension(new ASN1ObjectIdentifier(AMD + oid), false, value);
  }

  private static X500Name name(String commonName) {
    return new X500Name("O=Advanced Micro Devices, CN=" + commonName);
  }

  private static KeyPair rsa() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(4096);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static KeyPair ec() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp384r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Signs with RSASSA-PSS by the JDK's own provider. */
  private static final class Pss implements ContentSigner {
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();
    private final PrivateKey key;
    private final String digest;

    Pss(PrivateKey key, String digest) {
      this.key = key;
      this.digest = digest;
    }

    @Override
    public AlgorithmIdentifier getAlgorithmIdentifier() {
      AlgorithmIdentifier hash =
          new AlgorithmIdentifier(
              digest.equals("SHA-384")
                  ? NISTObjectIdentifiers.id_sha384
                  : NISTObjectIdentifiers.id_sha256,
              DERNull.INSTANCE);
      return new AlgorithmIdentifier(
          PKCSObjectIdentifiers.id_RSASSA_PSS,
          new RSASSAPSSparams(
              hash,
              new AlgorithmIdentifier(PKCSObjectIdentifiers.id_mgf1, hash),
              new ASN1Integer(48),
              new ASN1Integer(1)));
    }

    @Override
    public ByteArrayOutputStream getOutputStream() {
      return content;
    }

    @Override
    public byte[] getSignature() {
      try {
        Signature signature = Signature.getInstance("RSASSA-PSS");
        signature.setParameter(
            new PSSParameterSpec(digest, "MGF1", new MGF1ParameterSpec(digest), 48, 1));
        signature.initSign(key);
        signature.update(content.toByteArray());
        return signature.sign();
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
