package io.unsealfs.keyserver;

import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;

/** Who may vouch for client certificates. Read once: a change takes a restart. */
final class ClientAuthorities {
  private static final int MAX_FILE_BYTES = 1 << 20;

  private ClientAuthorities() {}

  /**
   * Has TLS ask for certificates, if the configuration says so. A certificate that none of the
   * authorities vouches for ends the handshake, also where none is required.
   *
   * @throws KeyServerConfigException if the file cannot be used
   */
  static void configure(SslContextBuilder tls, Callers callers) throws KeyServerConfigException {
    if (callers.clientAuthorities().isPresent()) {
      tls.trustManager(read(callers.clientAuthorities().get()))
          .clientAuth(callers.certificateRequired() ? ClientAuth.REQUIRE : ClientAuth.OPTIONAL);
    }
  }

  private static X509Certificate[] read(Path file) throws KeyServerConfigException {
    byte[] pem = OwnerOnlyFile.readPublic(file, "client_ca", MAX_FILE_BYTES);
    X509Certificate[] authorities;
    try {
      authorities =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem))
              .toArray(X509Certificate[]::new);
    } catch (GeneralSecurityException e) {
      throw new KeyServerConfigException("client_ca " + file + ": not PEM certificates", e);
    }
    if (authorities.length == 0) {
      // an empty list would mean the system's authorities
      throw new KeyServerConfigException("client_ca " + file + ": holds no certificate");
    }
    return authorities;
  }
}
