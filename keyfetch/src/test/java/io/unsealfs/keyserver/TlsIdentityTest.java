package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.netty.shaded.io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.unsealfs.key.HeapMemory;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.time.Clock;
import java.time.Instant;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.util.io.pem.PemObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsIdentityTest {
  private static final Instant NOW = Instant.parse("2027-01-01T00:00:00Z");

  @TempDir Path directory = Path.of("");

  private static TlsIdentity selfSigned() throws IOException {
    return TlsIdentity.load(new KeyServerConfig.Tls.SelfSigned(), NOW);
  }

  private static String handle(TlsIdentity tls) throws Exception {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine();
    assertNull(tls.chooseEngineServerAlias("RSA", null, engine), "not of that type");
    String handle = tls.chooseEngineServerAlias("EC", null, engine);
    assertNotNull(handle);
    return handle;
  }

  private static X509Certificate certificate(TlsIdentity tls, String handle) {
    X509Certificate[] chain = tls.getCertificateChain(handle);
    assertNotNull(chain);
    return chain[0];
  }

  private static PrivateKey key(TlsIdentity tls, String handle) {
    PrivateKey key = tls.getPrivateKey(handle);
    assertNotNull(key);
    return key;
  }

  /** Writes certificate and key as PEM, named by {@code prefix}. */
  private KeyServerConfig.Tls.PemFiles write(TlsIdentity tls, String prefix, boolean traditional)
      throws Exception {
    String handle = handle(tls);
    StringWriter chain = new StringWriter();
    try (JcaPEMWriter pem = new JcaPEMWriter(chain)) {
      pem.writeObject(certificate(tls, handle));
    }
    StringWriter key = new StringWriter();
    try (JcaPEMWriter pem = new JcaPEMWriter(key)) {
      pem.writeObject(
          traditional ? sec1(key(tls, handle)) : new JcaPKCS8Generator(key(tls, handle), null));
    }
    Path chainFile = Files.writeString(directory.resolve(prefix + ".crt"), chain.toString());
    Path keyFile = Files.writeString(directory.resolve(prefix + ".key"), key.toString());
    Files.setPosixFilePermissions(keyFile, PosixFilePermissions.fromString("rw-------"));
    return new KeyServerConfig.Tls.PemFiles(chainFile, keyFile);
  }

  /** The key as {@code openssl ecparam -genkey} writes it, with its curve. */
  private static PemObject sec1(PrivateKey key) throws IOException {
    PrivateKeyInfo info = PrivateKeyInfo.getInstance(key.getEncoded());
    return new PemObject(
        "EC PRIVATE KEY",
        new org.bouncycastle.asn1.sec.ECPrivateKey(
                256, ((ECPrivateKey) key).getS(), info.getPrivateKeyAlgorithm().getParameters())
            .getEncoded());
  }

  @Test
  void pemFilesAreReadInBothSpellingsOfAKey() throws Exception {
    TlsIdentity made = selfSigned();
    for (boolean traditional : new boolean[] {true, false}) {
      TlsIdentity read = TlsIdentity.load(write(made, "tls", traditional), NOW);
      assertEquals(certificate(made, handle(made)), certificate(read, handle(read)));
      assertEquals(
          ((ECPrivateKey) key(made, handle(made))).getS(),
          ((ECPrivateKey) key(read, handle(read))).getS());
    }
  }

  @Test
  void aHandshakeDuringAReloadKeepsKeyAndCertificateTogether() throws Exception {
    TlsIdentity tls = selfSigned();
    TlsIdentity fresh = selfSigned();
    String before = handle(tls);
    X509Certificate old = certificate(tls, before);
    tls.replaceBy(fresh);
    assertEquals(old, certificate(tls, before));
    assertEquals(certificate(fresh, handle(fresh)), certificate(tls, handle(tls)));
    tls.replaceBy(selfSigned());
    assertNull(tls.getCertificateChain(before));
    assertNull(tls.getPrivateKey(before));
  }

  @Test
  void filesThatAreNoCertificateOrNoKeyOfItAreRefused() throws Exception {
    KeyServerConfig.Tls.PemFiles one = write(selfSigned(), "one", false);
    KeyServerConfig.Tls.PemFiles two = write(selfSigned(), "two", false);
    refused(new KeyServerConfig.Tls.PemFiles(one.certificateChain(), two.key()), "belong");
    refused(
        new KeyServerConfig.Tls.PemFiles(one.certificateChain(), one.certificateChain()), "chmod");
    refused(new KeyServerConfig.Tls.PemFiles(one.key(), one.key()), "certificate");
    Files.writeString(two.key(), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    refused(two, "TLS key");
    Files.writeString(two.key(), "");
    refused(two, "not an unencrypted private key");
    Files.writeString(two.certificateChain(), "");
    refused(two, "TLS certificate");
    Files.setPosixFilePermissions(one.key(), PosixFilePermissions.fromString("rw-r-----"));
    refused(one, "chmod 600");
  }

  private static void refused(KeyServerConfig.Tls tls, String says) {
    String message =
        String.valueOf(
            assertThrows(KeyServerConfigException.class, () -> TlsIdentity.load(tls, NOW))
                .getMessage());
    assertTrue(message.contains(says), message);
  }

  @Test
  void aReloadBringsANewCertificateToNewConnections() throws Exception {
    KeyServerFixture files = new KeyServerFixture(directory);
    TlsIdentity first = selfSigned();
    TlsIdentity second = selfSigned();
    write(first, "tls", false);
    Path config = files.configFile("allow_sample: true");
    Files.writeString(
        config,
        Files.readString(config)
            .replace("{self_signed: true}", "{certificate_chain: tls.crt, key: tls.key}"),
        StandardCharsets.UTF_8);
    try (KeyServer server =
        KeyServer.start(KeyServerConfig.read(config), Clock.systemUTC(), new HeapMemory())) {
      assertEquals(certificate(first, handle(first)), presented(server.port()));
      write(second, "tls", false);
      server.reload(config);
      assertEquals(certificate(second, handle(second)), presented(server.port()));
    }
  }

  private static X509Certificate presented(int port) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    TrustManager[] any = InsecureTrustManagerFactory.INSTANCE.getTrustManagers();
    context.init(null, any, null);
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"h2"});
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      assertEquals("TLSv1.3", socket.getSession().getProtocol());
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }
}
