package io.unsealfs.key;

import io.unsealfs.key.wire.PskProof;
import java.util.Optional;

/**
 * What this host can show a key service about itself, besides evidence. Names where the secrets
 * lie, and holds none.
 *
 * @param tls the certificate shown in TLS, {@code --client-cert} and {@code --client-key}
 * @param preSharedKey a key it can prove to hold, {@code --psk}
 */
public record ClientCredentials(Optional<Tls> tls, Optional<PreSharedKey> preSharedKey) {
  /** Nothing to show. */
  public static final ClientCredentials NONE =
      new ClientCredentials(Optional.empty(), Optional.empty());

  /**
   * A certificate and its key.
   *
   * @param certificateChain where the PEM certificates are, this host's own first
   * @param key where the private key is, unencrypted PKCS#8 in PEM
   */
  public record Tls(KeyReference certificateChain, KeyReference key) {}

  /**
   * A pre-shared key.
   *
   * @param id what the service calls it
   * @param source where its bytes are
   */
  public record PreSharedKey(String id, KeyReference source) {
    /**
     * Reads {@code ID=REFERENCE}.
     *
     * @throws KeyReferenceException if it is malformed, or the key lies elsewhere than here; the
     *     message does not repeat the text
     */
    public static PreSharedKey parse(String text) throws KeyReferenceException {
      int equals = text.indexOf('=');
      String id = equals < 0 ? "" : text.substring(0, equals);
      if (!PskProof.isId(id)) {
        throw new KeyReferenceException(
            "--psk is not ID=REFERENCE, such as team-a=file:/etc/unsealfs/team-a.psk"
                + " (the key itself is never given here)");
      }
      KeyReference source = KeyReference.parse(text.substring(equals + 1));
      // read for each conversation, which a descriptor would not outlast
      if (!source.scheme().equals("file") && !source.scheme().equals("credential")) {
        throw new KeyReferenceException(
            "--psk " + id + ": the key must lie here: file:PATH or credential:NAME");
      }
      if (source.text().contains("?as=")) {
        throw new KeyReferenceException(
            "--psk " + id + ": takes no ?as=; one newline at the end is dropped, on both sides");
      }
      return new PreSharedKey(id, source);
    }
  }
}
