package io.unsealfs.verify.dcap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Date;
import java.util.Optional;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;

class SignedLeavesTest {
  private static final X500Name AUTHORITY = new X500Name("CN=authority");

  private final SignedLeaves leaves = new SignedLeaves();

  private static KeyPair keyPair() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  private static X509Certificate certificate(String subject, KeyPair key, KeyPair signer)
      throws Exception {
    return new JcaX509CertificateConverter()
        .getCertificate(
            new JcaX509v3CertificateBuilder(
                    AUTHORITY,
                    BigInteger.ONE,
                    Date.from(Instant.EPOCH),
                    Date.from(Instant.EPOCH.plusSeconds(1)),
                    new X500Name("CN=" + subject),
                    key.getPublic())
                .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                .build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer.getPrivate())));
  }

  @Test
  void aGoodLeafIsRememberedAndStaysGood() throws Exception {
    KeyPair authorityKey = keyPair();
    X509Certificate authority = certificate("authority", authorityKey, authorityKey);
    X509Certificate leaf = certificate("leaf", keyPair(), authorityKey);
    assertEquals(Optional.empty(), leaves.flaw(leaf, authority));
    assertEquals(Optional.empty(), leaves.flaw(leaf, authority));
    assertEquals(1, leaves.size());
  }

  @Test
  void aBadLeafIsRefusedEveryTimeAndNotRemembered() throws Exception {
    KeyPair authorityKey = keyPair();
    X509Certificate authority = certificate("authority", authorityKey, authorityKey);
    X509Certificate leaf = certificate("leaf", keyPair(), keyPair());
    assertTrue(leaves.flaw(leaf, authority).isPresent());
    assertTrue(leaves.flaw(leaf, authority).isPresent());
    assertEquals(0, leaves.size());
  }

  @Test
  void aLeafOfOneAuthorityIsNotTakenForAnotherOfTheSameName() throws Exception {
    KeyPair authorityKey = keyPair();
    X509Certificate leaf = certificate("leaf", keyPair(), authorityKey);
    KeyPair otherKey = keyPair();
    assertEquals(
        Optional.empty(), leaves.flaw(leaf, certificate("authority", authorityKey, authorityKey)));
    assertTrue(leaves.flaw(leaf, certificate("authority", otherKey, otherKey)).isPresent());
  }

  @Test
  void manyLeavesAreForgottenRatherThanKeptWithoutABound() throws Exception {
    KeyPair authorityKey = keyPair();
    X509Certificate authority = certificate("authority", authorityKey, authorityKey);
    KeyPair leafKey = keyPair();
    for (int i = 0; i <= SignedLeaves.MAX_LEAVES; i++) {
      assertEquals(
          Optional.empty(),
          leaves.flaw(certificate("leaf " + i, leafKey, authorityKey), authority));
    }
    assertEquals(1, leaves.size());
  }
}
