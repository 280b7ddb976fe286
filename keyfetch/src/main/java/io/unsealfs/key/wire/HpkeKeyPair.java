package io.unsealfs.key.wire;

import java.security.SecureRandom;
import java.util.Arrays;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.hpke.HPKE;
import org.bouncycastle.crypto.params.X25519PrivateKeyParameters;

/**
 * The client's HPKE key pair for one conversation. The private key is wiped by {@link #close}; the
 * library's own copies live only during {@link #open} and cannot be wiped.
 */
public final class HpkeKeyPair implements AutoCloseable {
  private final byte[] privateKey;
  private final byte[] publicKey;
  private boolean closed;

  private HpkeKeyPair(byte[] privateKey) {
    this.privateKey = privateKey;
    this.publicKey = new X25519PrivateKeyParameters(privateKey).generatePublicKey().getEncoded();
  }

  /** A fresh key pair. */
  public static HpkeKeyPair generate() {
    byte[] privateKey = new byte[HpkeSuite.KEY_BYTES];
    new SecureRandom().nextBytes(privateKey);
    return new HpkeKeyPair(privateKey);
  }

  /** The pair of a known private key, which it takes over; for known answers. */
  static HpkeKeyPair of(byte[] privateKey) {
    return new HpkeKeyPair(privateKey);
  }

  /** The public key as RFC 9180 section 7.1.1 serialises it, 32 bytes. */
  public byte[] publicKey() {
    return publicKey.clone();
  }

  /**
   * Opens what was sealed to this key in the conversation {@code transcript}.
   *
   * @return the secret; the caller wipes it
   * @throws WireException if anything was changed on the way
   */
  public byte[] open(Transcript transcript, SealedSecret sealed) throws WireException {
    return open(transcript.toBytes(), sealed);
  }

  byte[] open(byte[] info, SealedSecret sealed) throws WireException {
    if (closed) {
      throw new IllegalStateException("the HPKE key pair is closed");
    }
    try {
      HPKE hpke = HpkeSuite.V1.newHpke();
      AsymmetricCipherKeyPair pair = hpke.deserializePrivateKey(privateKey, publicKey);
      return hpke.setupBaseR(sealed.enc(), pair, info).open(sealed.terms(), sealed.ciphertext());
    } catch (InvalidCipherTextException | RuntimeException e) {
      // the library reports a bad encapsulated key as an unchecked exception
      throw new WireException("the sealed secret does not open: it was changed on the way", e);
    }
  }

  @Override
  public void close() {
    closed = true;
    Arrays.fill(privateKey, (byte) 0);
  }

  @Override
  public String toString() {
    return "HpkeKeyPair";
  }
}
