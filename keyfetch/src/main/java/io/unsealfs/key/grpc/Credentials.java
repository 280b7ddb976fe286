package io.unsealfs.key.grpc;

import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.unsealfs.attest.NoneAttester;
import io.unsealfs.key.ClientCredentials;
import io.unsealfs.key.KeyProvider;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.ServerTrust;
import io.unsealfs.key.wire.PskProof;
import io.unsealfs.key.wire.Transcript;
import io.unsealfs.key.wire.WireException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Reads what {@link ClientCredentials} name, each time it is used, and never keeps it. */
final class Credentials {
  private static final ServerTrust NOBODY = new ServerTrust(Optional.empty(), List.of(), false);

  private final ClientCredentials named;
  private final List<KeyProvider> local;

  /**
   * Credentials.
   *
   * @param local providers of references that lie on this host
   */
  Credentials(ClientCredentials named, List<KeyProvider> local) {
    this.named = named;
    this.local = List.copyOf(local);
  }

  /**
   * Has TLS show the certificate, if there is one.
   *
   * @throws KeyReferenceException if it or its key cannot be used
   */
  void configure(SslContextBuilder tls) throws IOException {
    if (named.tls().isEmpty()) {
      return;
    }
    ClientCredentials.Tls files = named.tls().get();
    try (Secret chain = read(files.certificateChain());
        Secret key = read(files.key())) {
      boolean good = chain.use(certificates -> key.use(bytes -> show(tls, certificates, bytes)));
      if (!good) {
        throw new KeyReferenceException(
            "--client-cert %s, --client-key %s: not PEM certificates and an unencrypted PKCS#8 key"
                .formatted(files.certificateChain().body(), files.key().body()));
      }
    }
  }

  private static boolean show(SslContextBuilder tls, byte[] certificates, byte[] key) {
    try {
      tls.keyManager(new ByteArrayInputStream(certificates), new ByteArrayInputStream(key));
      return true;
    } catch (IllegalArgumentException e) {
      // its message may quote the file
      return false;
    }
  }

  /**
   * Proves for one conversation to hold the pre-shared key, if there is one.
   *
   * @throws KeyReferenceException if the key cannot be read, or can be guessed
   */
  Optional<io.unsealfs.key.proto.v1.PskProof> prove(Transcript transcript) throws IOException {
    if (named.preSharedKey().isEmpty()) {
      return Optional.empty();
    }
    ClientCredentials.PreSharedKey key = named.preSharedKey().get();
    try (Secret secret = read(key.source())) {
      Mac mac = secret.use(content -> mac(content, key.id(), transcript));
      if (!mac.problem().isEmpty()) {
        throw new KeyReferenceException("--psk " + key.id() + ": " + mac.problem());
      }
      return Optional.of(
          io.unsealfs.key.proto.v1.PskProof.newBuilder()
              .setKeyId(key.id())
              .setMac(com.google.protobuf.ByteString.copyFrom(mac.bytes()))
              .build());
    }
  }

  /** A proof, or why there is none. */
  @SuppressWarnings("ArrayRecordComponent") // an internal value, never compared
  private record Mac(byte[] bytes, String problem) {}

  private static Mac mac(byte[] content, String id, Transcript transcript) {
    byte[] key = {};
    try {
      key = PskProof.key(content);
      return new Mac(PskProof.of(key, id, transcript), "");
    } catch (WireException e) {
      return new Mac(key, String.valueOf(e.getMessage()));
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  private Secret read(KeyReference reference) throws IOException {
    for (KeyProvider provider : local) {
      if (provider.schemes().contains(reference.scheme())) {
        return provider.fetch(reference, new NoneAttester(), NOBODY);
      }
    }
    throw new KeyReferenceException(
        "nothing here reads " + reference.scheme() + ": for what a key service is shown");
  }
}
