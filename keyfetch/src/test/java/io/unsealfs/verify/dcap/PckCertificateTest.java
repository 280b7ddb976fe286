package io.unsealfs.verify.dcap;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.verify.VerificationException;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;

class PckCertificateTest {
  private static final ASN1ObjectIdentifier EXTENSION =
      new ASN1ObjectIdentifier("1.2.840.113741.1.13.1");

  private static X509Certificate certificate(ASN1Encodable extension) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    KeyPair key = generator.generateKeyPair();
    X500Name name = new X500Name("CN=" + PckCertificate.COMMON_NAME);
    return new JcaX509CertificateConverter()
        .getCertificate(
            new JcaX509v3CertificateBuilder(
                    name,
                    BigInteger.ONE,
                    Date.from(Instant.EPOCH),
                    Date.from(Instant.EPOCH.plusSeconds(1)),
                    name,
                    key.getPublic())
                .addExtension(EXTENSION, false, extension)
                .build(new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate())));
  }

  @Test
  void extensionsOfAnotherFormAreRefusedByName() throws Exception {
    ASN1Encodable name = new ASN1ObjectIdentifier(EXTENSION + ".2");
    for (ASN1Encodable malformed :
        List.of(
            new DERSequence(),
            new ASN1Integer(1),
            new DERSequence(new ASN1Integer(1)),
            new DERSequence(new DERSequence()),
            new DERSequence(new DERSequence(name)),
            new DERSequence(new DERSequence(new ASN1Encodable[] {name, name, name})),
            new DERSequence(
                new DERSequence(new ASN1Encodable[] {new DEROctetString(new byte[1]), name})),
            new DERSequence(
                new DERSequence(new ASN1Encodable[] {name, new DERSequence(new DERSequence())})))) {
      X509Certificate certificate = certificate(malformed);
      assertThrows(
          VerificationException.class, () -> PckCertificate.of(certificate), malformed.toString());
    }
  }
}
