package io.unsealfs.key.wire;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;

/**
 * A server's long-lived identity key: signs answers, so that clients know who sealed them. Ed25519;
 * stored as PEM of PKCS#8, as {@code openssl genpkey -algorithm ed25519} writes it.
 */
public final class IdentityKey {
  private static final String LABEL = "unsealfs-secret-v1 answer";
  private static final byte[] BEGIN =
      "-----BEGIN PRIVATE KEY-----".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] END = "-----END PRIVATE KEY-----".getBytes(StandardCharsets.US_ASCII);

  /** DER of everything in a PKCS#8 PrivateKeyInfo that precedes an Ed25519 seed (RFC 8410). */
  private static final byte[] PKCS8_PREFIX =
      HexFormat.of().parseHex("302e020100300506032b657004220420");

  private static final int SEED_BYTES = 32;
  private static final int MAX_PEM_BYTES = 16 << 10;

  private final PrivateKey key;
  private final IdentityPublicKey publicKey;

  private IdentityKey(PrivateKey key, IdentityPublicKey publicKey) {
    this.key = key;
    this.publicKey = publicKey;
  }

  /** PEM of a fresh key, to be stored readable by its owner only; the caller wipes it. */
  public static byte[] generatePem() {
    byte[] seed = new byte[SEED_BYTES];
    new SecureRandom().nextBytes(seed);
    byte[] pkcs8 = concat(PKCS8_PREFIX, seed);
    byte[] base64 = Base64.getEncoder().encode(pkcs8);
    byte[] newline = {'\n'};
    byte[] pem = concat(BEGIN, newline, base64, newline, END, newline);
    Arrays.fill(seed, (byte) 0);
    Arrays.fill(pkcs8, (byte) 0);
    Arrays.fill(base64, (byte) 0);
    return pem;
  }

  /**
   * Reads a key from PEM. The caller wipes its array.
   *
   * @throws WireException if it is not the PEM of one unencrypted Ed25519 key in PKCS#8
   */
  public static IdentityKey fromPem(byte[] pem) throws WireException {
    byte[] pkcs8 = decodePem(pem);
    byte[] seed = new byte[0];
    try {
      if (pkcs8.length != PKCS8_PREFIX.length + SEED_BYTES
          || !Arrays.equals(pkcs8, 0, PKCS8_PREFIX.length, PKCS8_PREFIX, 0, PKCS8_PREFIX.length)) {
        throw new WireException(notAKey());
      }
      seed = Arrays.copyOfRange(pkcs8, PKCS8_PREFIX.length, pkcs8.length);
      // the JDK does not derive an Ed25519 public key from its private key
      byte[] point = new Ed25519PrivateKeyParameters(seed).generatePublicKey().getEncoded();
      return new IdentityKey(
          KeyFactory.getInstance("Ed25519").generatePrivate(new PKCS8EncodedKeySpec(pkcs8)),
          IdentityPublicKey.parse(concat(IdentityPublicKey.SPKI_PREFIX, point)));
    } catch (GeneralSecurityException e) {
      throw new WireException(notAKey(), e);
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
      Arrays.fill(seed, (byte) 0);
    }
  }

  /** What clients see of it. */
  public IdentityPublicKey publicKey() {
    return publicKey;
  }

  /** Signs one answer in one conversation. */
  public byte[] sign(Transcript transcript, SealedSecret sealed) {
    try {
      Signature signer = Signature.getInstance("Ed25519");
      signer.initSign(key);
      signer.update(signedBytes(transcript, sealed));
      return signer.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("signing with the identity key failed", e);
    }
  }

  /**
   * A key for another purpose, the same for everybody who has this identity key; the caller wipes
   * it.
   *
   * @param label names the purpose; keys of different labels say nothing about each other
   * @param size in bytes
   */
  public byte[] derive(String label, int size) {
    byte[] pkcs8 = key.getEncoded();
    byte[] seed = Arrays.copyOfRange(pkcs8, pkcs8.length - SEED_BYTES, pkcs8.length);
    try {
      return KDF.getInstance("HKDF-SHA256")
          .deriveData(
              HKDFParameterSpec.ofExtract()
                  .addIKM(seed)
                  .thenExpand(label.getBytes(StandardCharsets.UTF_8), size));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK lacks HKDF-SHA256", e);
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
      Arrays.fill(seed, (byte) 0);
    }
  }

  static byte[] signedBytes(Transcript transcript, SealedSecret sealed) {
    return LengthPrefixed.encode(
        LABEL.getBytes(StandardCharsets.US_ASCII),
        transcript.toBytes(),
        sealed.terms(),
        sealed.enc(),
        sealed.ciphertext());
  }

  @Override
  public String toString() {
    return "IdentityKey " + publicKey.pin();
  }

  private static byte[] decodePem(byte[] pem) throws WireException {
    int begin = indexOf(pem, BEGIN, 0);
    int end = begin < 0 ? -1 : indexOf(pem, END, begin + BEGIN.length);
    if (end < 0 || pem.length > MAX_PEM_BYTES) {
      throw new WireException(notAKey());
    }
    byte[] base64 = Arrays.copyOfRange(pem, begin + BEGIN.length, end);
    try {
      return Base64.getMimeDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      // the decoder's message shows a byte, so it is not passed on
      throw new WireException(notAKey());
    } finally {
      Arrays.fill(base64, (byte) 0);
    }
  }

  private static String notAKey() {
    return "not an Ed25519 private key in PEM (PKCS#8, unencrypted);"
        + " make one with: openssl genpkey -algorithm ed25519";
  }

  private static int indexOf(byte[] text, byte[] word, int from) {
    for (int i = from; i <= text.length - word.length; i++) {
      if (Arrays.equals(text, i, i + word.length, word, 0, word.length)) {
        return i;
      }
    }
    return -1;
  }

  private static byte[] concat(byte[]... parts) {
    int size = Arrays.stream(parts).mapToInt(part -> part.length).sum();
    byte[] all = new byte[size];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }
}
