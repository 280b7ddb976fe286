package io.unsealfs.keyserver.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.etcd.jetcd.Auth;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.auth.Permission;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS on the way to etcd, and users of etcd. */
class EtcdSecurityTest {
  private static final byte[] VALUE = "value".getBytes(UTF_8);

  @TempDir Path scratch = Path.of("");

  /** A certificate for 127.0.0.1 that is its own authority, and its key, as PEM. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Pem(byte[] certificate, byte[] key) {
    static Pem make() throws Exception {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      KeyPair keys = generator.generateKeyPair();
      X500Principal subject = new X500Principal("CN=unsealfs test");
      Instant now = Instant.now();
      byte[] der =
          new JcaX509v3CertificateBuilder(
                  subject,
                  BigInteger.valueOf(now.toEpochMilli()),
                  Date.from(now.minus(Duration.ofDays(1))),
                  Date.from(now.plus(Duration.ofDays(1))),
                  subject,
                  keys.getPublic())
              .addExtension(
                  Extension.subjectAlternativeName,
                  false,
                  new GeneralNames(new GeneralName(GeneralName.iPAddress, "127.0.0.1")))
              .addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
              .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
              .getEncoded();
      return new Pem(pem("CERTIFICATE", der), pem("PRIVATE KEY", keys.getPrivate().getEncoded()));
    }

    private static byte[] pem(String label, byte[] der) {
      String base64 = Base64.getMimeEncoder().encodeToString(der);
      return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
          .formatted(label, base64, label)
          .getBytes(UTF_8);
    }

    EtcdOptions.Tls shown() {
      return new EtcdOptions.Tls(
          certificate, Optional.of(new EtcdOptions.ClientCertificate(certificate, key.clone())));
    }
  }

  private EtcdServer start(Pem pem) throws IOException, InterruptedException {
    Path certificate = Files.write(scratch.resolve("certificate.pem"), pem.certificate());
    Path key = Files.write(scratch.resolve("key.pem"), pem.key());
    return EtcdServer.start(
        scratch,
        "https",
        List.of(
            "--cert-file=" + certificate,
            "--key-file=" + key,
            "--client-cert-auth",
            "--trusted-ca-file=" + certificate));
  }

  private static EtcdStore open(
      EtcdServer etcd, Optional<EtcdOptions.Tls> tls, Optional<EtcdOptions.User> user)
      throws StoreException {
    return EtcdStore.open(
        new EtcdOptions(
            List.of(URI.create(etcd.url())), "secure/", tls, user, EtcdServer.timeout()));
  }

  @Test
  void bothEndsShowTheirCertificates() throws Exception {
    Pem pem = Pem.make();
    try (EtcdServer etcd = start(pem);
        EtcdStore store = open(etcd, Optional.of(pem.shown()), Optional.empty())) {
      assertTrue(store.put("key", VALUE, Store.ABSENT));
      assertArrayEquals(VALUE, store.get("key").orElseThrow().value());
    }
  }

  @Test
  void withoutACertificateEtcdDoesNotTalk() throws Exception {
    Pem pem = Pem.make();
    EtcdOptions.Tls silent = new EtcdOptions.Tls(pem.certificate(), Optional.empty());
    try (EtcdServer etcd = start(pem);
        EtcdStore store = open(etcd, Optional.of(silent), Optional.empty())) {
      assertThrows(StoreUnavailableException.class, () -> store.get("key"));
    }
  }

  @Test
  void anotherEtcdThanTheOneOfTheAuthorityIsNotTalkedTo() throws Exception {
    Pem pem = Pem.make();
    EtcdOptions.Tls stranger = new EtcdOptions.Tls(Pem.make().certificate(), pem.shown().client());
    try (EtcdServer etcd = start(pem);
        EtcdStore store = open(etcd, Optional.of(stranger), Optional.empty())) {
      assertThrows(StoreUnavailableException.class, () -> store.get("key"));
    }
  }

  @Test
  void whatIsNoPemIsRefusedAtTheStart() {
    EtcdOptions.Tls bad = new EtcdOptions.Tls("no PEM".getBytes(UTF_8), Optional.empty());
    EtcdOptions options =
        new EtcdOptions(
            List.of(URI.create("https://127.0.0.1:1")),
            "x/",
            Optional.of(bad),
            Optional.empty(),
            EtcdServer.timeout());
    assertThrows(StoreException.class, () -> EtcdStore.open(options));
  }

  private static EtcdOptions.User user(String password) {
    return new EtcdOptions.User("keyserver", password.getBytes(UTF_8));
  }

  @Test
  void aUserReachesItsKeysAndNoOthersAlsoAfterARestart() throws Exception {
    try (EtcdServer etcd = EtcdServer.start(scratch)) {
      demandUsers(etcd);
      try (EtcdStore store = open(etcd, Optional.empty(), Optional.of(user("right")))) {
        assertTrue(store.put("key", VALUE, Store.ABSENT));
        assertEquals(SharedStore.Mark.SET, store.mark(store.openSlot(Duration.ofMinutes(5)), "1"));
        etcd.kill();
        etcd.run();
        assertArrayEquals(VALUE, onceItIsBack(store).value());
      }
      try (EtcdStore nobody = open(etcd, Optional.empty(), Optional.empty());
          EtcdStore wrong = open(etcd, Optional.empty(), Optional.of(user("wrong")))) {
        for (EtcdStore store : List.of(nobody, wrong)) {
          StoreException e = assertThrows(StoreException.class, () -> store.get("key"));
          assertFalse(String.valueOf(e.getMessage()).contains("wrong"), e::getMessage);
        }
      }
    }
  }

  private static StoreEntry onceItIsBack(Store store) throws Exception {
    while (true) {
      try {
        return store.get("key").orElseThrow();
      } catch (StoreUnavailableException e) {
        // it tries to connect again by itself; the test's time limit is the bound
        Thread.onSpinWait();
      }
    }
  }

  /** Makes the users root and keyserver, and has etcd ask for them from here on. */
  private static void demandUsers(EtcdServer etcd) throws Exception {
    try (Client client = Client.builder().endpoints(etcd.url()).build()) {
      Auth auth = client.getAuthClient();
      auth.userAdd(bytes("root"), bytes("root")).get();
      auth.roleAdd(bytes("root")).get();
      auth.userGrantRole(bytes("root"), bytes("root")).get();
      auth.userAdd(bytes("keyserver"), bytes("right")).get();
      auth.roleAdd(bytes("keyserver")).get();
      auth.roleGrantPermission(
              bytes("keyserver"), bytes("secure/"), bytes("secure0"), Permission.Type.READWRITE)
          .get();
      auth.userGrantRole(bytes("keyserver"), bytes("keyserver")).get();
      auth.authEnable().get();
    }
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, UTF_8);
  }
}
