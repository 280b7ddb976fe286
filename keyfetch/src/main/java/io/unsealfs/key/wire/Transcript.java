package io.unsealfs.key.wire;

import io.unsealfs.attest.ReportData;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * What one conversation is about: protocol label, server nonce, HPKE suite, the client's fresh HPKE
 * public key, secret name, SHA-256 of the server's identity key; length-prefixed in this order.
 * Evidence covers its SHA-512, HPKE takes the bytes as {@code info}, the server's signature covers
 * them. Immutable.
 */
public final class Transcript {
  /** Makes evidence for this protocol useless in any other. */
  static final String LABEL = "unsealfs-secret-v1";

  private final byte[] bytes;
  private final byte[] clientPublicKey;

  private Transcript(byte[] bytes, byte[] clientPublicKey) {
    this.bytes = bytes;
    this.clientPublicKey = clientPublicKey;
  }

  /**
   * The transcript of one conversation.
   *
   * @param nonce the server's, {@link WireLimits#NONCE_BYTES} long
   * @param clientPublicKey X25519, 32 bytes
   * @throws WireException if a field has the wrong length
   */
  public static Transcript of(
      byte[] nonce, byte[] clientPublicKey, SecretName name, IdentityPublicKey identity)
      throws WireException {
    if (nonce.length != WireLimits.NONCE_BYTES) {
      throw new WireException(
          "nonce has %d bytes, not %d".formatted(nonce.length, WireLimits.NONCE_BYTES));
    }
    if (clientPublicKey.length != HpkeSuite.KEY_BYTES) {
      throw new WireException(
          "HPKE public key has %d bytes, not %d"
              .formatted(clientPublicKey.length, HpkeSuite.KEY_BYTES));
    }
    byte[] bytes =
        LengthPrefixed.encode(
            LABEL.getBytes(StandardCharsets.US_ASCII),
            nonce,
            HpkeSuite.V1.ids(),
            clientPublicKey,
            name.encode(),
            identity.fingerprint());
    return new Transcript(bytes, clientPublicKey.clone());
  }

  /** What the evidence must cover: SHA-512 of the bytes, which fills the 64. */
  public ReportData reportData() {
    try {
      return ReportData.of(MessageDigest.getInstance("SHA-512").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-512", e);
    }
  }

  /** A copy of the encoded bytes. */
  public byte[] toBytes() {
    return bytes.clone();
  }

  byte[] clientPublicKey() {
    return clientPublicKey.clone();
  }
}
