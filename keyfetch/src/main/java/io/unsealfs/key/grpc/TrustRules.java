package io.unsealfs.key.grpc;

import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.ServerTrust;
import io.unsealfs.key.UntrustedServerException;
import io.unsealfs.key.wire.IdentityPin;
import io.unsealfs.key.wire.IdentityPublicKey;
import io.unsealfs.key.wire.WireException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/**
 * Which server is believed. With a CA, TLS names the server and its identity key comes from that
 * channel; with pins, the identity key must be a pinned one whatever the TLS certificate says; with
 * both, both must hold.
 */
final class TrustRules {
  private static final int MAX_CA_BYTES = 1 << 20;

  private final SslContext tls;
  private final List<IdentityPin> pins;
  private final boolean authenticated;

  private TrustRules(SslContext tls, List<IdentityPin> pins, boolean authenticated) {
    this.tls = tls;
    this.pins = pins;
    this.authenticated = authenticated;
  }

  /**
   * The rules of {@code trust}.
   *
   * @param credentials what the server is shown
   * @throws KeyReferenceException if nothing was said about trust, or it cannot be read
   */
  static TrustRules of(ServerTrust trust, Credentials credentials) throws IOException {
    if (trust.isUnspecified()) {
      throw new KeyReferenceException(
          "no key server is trusted: name its identity key with --server-pin sha256:… or its CA"
              + " with --server-ca FILE (or take any server with --insecure-server)");
    }
    List<IdentityPin> pins = new ArrayList<>();
    for (String text : trust.pins()) {
      try {
        pins.add(IdentityPin.parse(text));
      } catch (WireException e) {
        throw new KeyReferenceException("--server-pin: " + e.getMessage(), e);
      }
    }
    return new TrustRules(tls(trust, credentials), pins, trust.ca().isPresent() || !pins.isEmpty());
  }

  private static SslContext tls(ServerTrust trust, Credentials credentials) throws IOException {
    // the JDK's TLS: no native library is unpacked into a temporary directory
    SslContextBuilder builder =
        GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
            .protocols("TLSv1.3");
    credentials.configure(builder);
    try {
      if (trust.ca().isPresent()) {
        builder.trustManager(authorities(trust.ca().get()));
      } else {
        builder.trustManager(new AnyCertificate());
      }
      return builder.build();
    } catch (IOException | CertificateException e) {
      throw new KeyReferenceException(
          "--server-ca: cannot read certificates from %s: %s"
              .formatted(trust.ca().map(Path::toString).orElse(""), e.getMessage()),
          e);
    }
  }

  private static X509Certificate[] authorities(Path file) throws IOException, CertificateException {
    byte[] pem;
    try (InputStream in = Files.newInputStream(file)) {
      pem = in.readNBytes(MAX_CA_BYTES + 1);
    }
    if (pem.length > MAX_CA_BYTES) {
      throw new IOException("larger than 1 MiB");
    }
    X509Certificate[] authorities =
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(pem))
            .toArray(X509Certificate[]::new);
    if (authorities.length == 0) {
      // an empty list would mean the system's authorities
      throw new CertificateException("it holds none");
    }
    return authorities;
  }

  SslContext tls() {
    return tls;
  }

  /** Whether the server is authenticated at all. */
  boolean authenticated() {
    return authenticated;
  }

  /**
   * Checks the identity key a server presents.
   *
   * @throws UntrustedServerException if keys are pinned and it is none of them
   */
  void require(IdentityPublicKey identity, ServerAddress server) throws UntrustedServerException {
    boolean pinned = pins.isEmpty();
    for (IdentityPin pin : pins) {
      pinned |= pin.matches(identity);
    }
    if (!pinned) {
      throw new UntrustedServerException(
          "key server %s has the identity key %s, which is not pinned; no evidence was sent"
              .formatted(server, identity.pin()));
    }
  }
}
