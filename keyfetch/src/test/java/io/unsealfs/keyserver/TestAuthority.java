package io.unsealfs.keyserver;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HexFormat;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority of client certificates. */
final class TestAuthority {
  private final X500Principal name = new X500Principal("CN=clients");
  private final KeyPair key = pair();

  /** A certificate of a client. */
  @SuppressWarnings("ArrayRecordComponent")
  record Client(byte[] der, KeyPair key) {
    byte[] certificatePem() {
      return pem("CERTIFICATE", der);
    }

    byte[] keyPem() {
      return pem("PRIVATE KEY", key.getPrivate().getEncoded());
    }

    String sha256() {
      try {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(der));
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  byte[] pem() {
    return pem("CERTIFICATE", certificate(name, key, true));
  }

  Client client(String commonName) {
    KeyPair pair = pair();
    return new Client(certificate(new X500Principal("CN=" + commonName), pair, false), pair);
  }

  private byte[] certificate(X500Principal subject, KeyPair pair, boolean authority) {
    Instant now = Instant.now();
    try {
      return new JcaX509v3CertificateBuilder(
              name,
              BigInteger.valueOf(now.toEpochMilli()),
              Date.from(now.minus(Duration.ofDays(1))),
              Date.from(now.plus(Duration.ofDays(1))),
              subject,
              pair.getPublic())
          .addExtension(Extension.basicConstraints, true, new BasicConstraints(authority))
          .build(new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate()))
          .getEncoded();
    } catch (IOException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyPair pair() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] pem(String what, byte[] der) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(what, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der), what)
        .getBytes(StandardCharsets.US_ASCII);
  }
}
