package io.unsealfs.keyserver;

import java.io.ByteArrayInputStream;
import java.io.CharArrayReader;
import java.io.IOException;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * The certificate of TLS, which hides conversations and is not what clients pin. Can be replaced
 * while connections are made: the handle that a handshake was given leads to one certificate and
 * the key that belongs to it.
 */
final class TlsIdentity extends X509ExtendedKeyManager {
  private static final int MAX_FILE_BYTES = 256 << 10;
  private static final Duration SELF_SIGNED_LIFE = Duration.ofDays(3650);
  private static final Duration CLOCK_SKEW = Duration.ofDays(1);

  /** A chain and its key under the handle that stands for them in a handshake. */
  private record Entry(String handle, List<X509Certificate> chain, PrivateKey key) {}

  /** The handles of a handshake during a reload may still mean the previous entry. */
  private record Entries(Entry current, Entry previous) {}

  private static final AtomicInteger HANDLES = new AtomicInteger();
  private volatile Entries entries;

  private TlsIdentity(Entry entry) {
    this.entries = new Entries(entry, entry);
  }

  /**
   * Reads or makes a certificate.
   *
   * @param now when a self-signed one begins to be valid
   */
  static TlsIdentity load(KeyServerConfig.Tls tls, Instant now) throws KeyServerConfigException {
    return new TlsIdentity(
        switch (tls) {
          case KeyServerConfig.Tls.SelfSigned() -> selfSigned(now);
          case KeyServerConfig.Tls.PemFiles files -> read(files);
        });
  }

  /** Takes over what {@code fresh} holds; new handshakes use it. */
  synchronized void replaceBy(TlsIdentity fresh) {
    entries = new Entries(fresh.entries.current(), entries.current());
  }

  private static Entry read(KeyServerConfig.Tls.PemFiles files) throws KeyServerConfigException {
    byte[] certificates =
        OwnerOnlyFile.readPublic(files.certificateChain(), "TLS certificate", MAX_FILE_BYTES);
    X509Certificate[] chain;
    try {
      Collection<? extends Certificate> found =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(certificates));
      chain = found.toArray(new X509Certificate[0]);
    } catch (GeneralSecurityException e) {
      throw new KeyServerConfigException(
          "TLS certificate " + files.certificateChain() + ": not PEM certificates", e);
    }
    if (chain.length == 0) {
      throw new KeyServerConfigException(
          "TLS certificate " + files.certificateChain() + ": holds no certificate");
    }
    PrivateKey key = privateKey(files.key());
    if (!belongs(key, chain[0])) {
      throw new KeyServerConfigException(
          "TLS key %s: does not belong to the first certificate of %s"
              .formatted(files.key(), files.certificateChain()));
    }
    return new Entry(handle(), List.of(chain), key);
  }

  /** Whether what the key signs is what the certificate vouches for. */
  private static boolean belongs(PrivateKey key, X509Certificate certificate) {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "EC" -> "SHA256withECDSA";
          case "RSA" -> "SHA256withRSA";
          default -> key.getAlgorithm();
        };
    byte[] probe = "unsealfs key server".getBytes(StandardCharsets.US_ASCII);
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(key);
      signature.update(probe);
      byte[] signed = signature.sign();
      signature.initVerify(certificate.getPublicKey());
      signature.update(probe);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static PrivateKey privateKey(Path file) throws KeyServerConfigException {
    byte[] pem = OwnerOnlyFile.readSecret(file, "TLS key", MAX_FILE_BYTES);
    CharBuffer chars = StandardCharsets.ISO_8859_1.decode(ByteBuffer.wrap(pem));
    try (PEMParser parser = new PEMParser(new CharArrayReader(chars.array()))) {
      JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
      return switch (parser.readObject()) {
        case PrivateKeyInfo info -> converter.getPrivateKey(info);
        case PEMKeyPair pair -> converter.getPrivateKey(pair.getPrivateKeyInfo());
        case null, default ->
            throw new KeyServerConfigException(
                "TLS key " + file + ": not an unencrypted private key in PEM");
      };
    } catch (KeyServerConfigException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // the cause may quote the file
      throw new KeyServerConfigException("TLS key " + file + ": not a private key in PEM");
    } finally {
      Arrays.fill(pem, (byte) 0);
      Arrays.fill(chars.array(), '\0');
    }
  }

  private static Entry selfSigned(Instant now) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair pair = generator.generateKeyPair();
      X500Name name = new X500Name("CN=unsealfs key server");
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              name,
              new BigInteger(120, new SecureRandom()).setBit(120),
              Date.from(now.minus(CLOCK_SKEW)),
              Date.from(now.plus(SELF_SIGNED_LIFE)),
              name,
              pair.getPublic());
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(new GeneralName(GeneralName.dNSName, "localhost")));
      X509Certificate certificate =
          new JcaX509CertificateConverter()
              .getCertificate(
                  builder.build(
                      new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate())));
      return new Entry(handle(), List.of(certificate), pair.getPrivate());
    } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
      throw new IllegalStateException("making a self-signed certificate failed", e);
    }
  }

  private static String handle() {
    return "tls-" + HANDLES.incrementAndGet();
  }

  private @Nullable Entry entry(@Nullable String handle) {
    Entries now = entries;
    if (now.current().handle().equals(handle)) {
      return now.current();
    }
    return now.previous().handle().equals(handle) ? now.previous() : null;
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
    Entry current = entries.current();
    return current.chain().getFirst().getPublicKey().getAlgorithm().equals(keyType)
        ? current.handle()
        : null;
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(@Nullable String handle) {
    Entry entry = entry(handle);
    return entry == null ? null : entry.chain().toArray(new X509Certificate[0]);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(@Nullable String handle) {
    Entry entry = entry(handle);
    return entry == null ? null : entry.key();
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }
}
