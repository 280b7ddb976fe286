package io.unsealfs.key.wire;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;

/** A server's identity key as its clients see it: Ed25519, SubjectPublicKeyInfo. Immutable. */
public final class IdentityPublicKey {
  /** DER of everything in a SubjectPublicKeyInfo that precedes an Ed25519 key (RFC 8410). */
  static final byte[] SPKI_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

  private static final int SPKI_BYTES = SPKI_PREFIX.length + 32;
  private static final int SIGNATURE_BYTES = 64;

  private final byte[] spki;
  private final PublicKey key;

  private IdentityPublicKey(byte[] spki, PublicKey key) {
    this.spki = spki;
    this.key = key;
  }

  /**
   * Parses a SubjectPublicKeyInfo strictly: one encoding, one algorithm.
   *
   * @throws WireException if it is anything else
   */
  public static IdentityPublicKey parse(byte[] spki) throws WireException {
    if (spki.length != SPKI_BYTES
        || !Arrays.equals(spki, 0, SPKI_PREFIX.length, SPKI_PREFIX, 0, SPKI_PREFIX.length)) {
      throw new WireException("the server's identity key is not an Ed25519 public key");
    }
    byte[] copy = spki.clone();
    try {
      PublicKey key =
          KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(copy));
      return new IdentityPublicKey(copy, key);
    } catch (GeneralSecurityException e) {
      throw new WireException("the server's identity key is not an Ed25519 public key", e);
    }
  }

  /** A copy of the SubjectPublicKeyInfo. */
  public byte[] spki() {
    return spki.clone();
  }

  /** SHA-256 of the SubjectPublicKeyInfo. */
  public byte[] fingerprint() {
    try {
      return MessageDigest.getInstance("SHA-256").digest(spki);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  /** What {@code --server-pin} takes: {@code sha256:} and 64 hexadecimal digits. */
  public IdentityPin pin() {
    return IdentityPin.of(fingerprint());
  }

  /**
   * Checks the signature of an answer.
   *
   * @throws WireException unless this key signed exactly this answer in this conversation
   */
  public void verify(Transcript transcript, SealedSecret sealed, byte[] signature)
      throws WireException {
    boolean good = false;
    if (signature.length == SIGNATURE_BYTES) {
      try {
        Signature verifier = Signature.getInstance("Ed25519");
        verifier.initVerify(key);
        verifier.update(IdentityKey.signedBytes(transcript, sealed));
        good = verifier.verify(signature);
      } catch (GeneralSecurityException e) {
        throw new WireException("the answer is not signed by the server's identity key", e);
      }
    }
    if (!good) {
      throw new WireException("the answer is not signed by the server's identity key");
    }
  }
}
