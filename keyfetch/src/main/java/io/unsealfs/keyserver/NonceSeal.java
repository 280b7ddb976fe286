package io.unsealfs.keyserver;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes nonces that are recognised without having been stored: 16 bytes that say when and which,
 * and an HMAC-SHA-256 over them, cut to 16.
 */
final class NonceSeal {
  static final int STAMP_SIZE = 16;
  static final int KEY_SIZE = 32;
  private static final String MAC = "HmacSHA256";

  private final SecretKeySpec key;

  /** A seal with this key, which is wiped. */
  NonceSeal(byte[] keyToWipe) {
    this.key = new SecretKeySpec(keyToWipe, MAC);
    Arrays.fill(keyToWipe, (byte) 0);
  }

  /** The nonce for a stamp. */
  byte[] seal(byte[] stamp) {
    byte[] nonce = Arrays.copyOf(stamp, Nonces.NONCE_SIZE);
    System.arraycopy(mac(stamp), 0, nonce, STAMP_SIZE, Nonces.NONCE_SIZE - STAMP_SIZE);
    return nonce;
  }

  /** Whether {@link #seal} made it. */
  boolean isGenuine(byte[] nonce) {
    return nonce.length == Nonces.NONCE_SIZE
        && MessageDigest.isEqual(seal(Arrays.copyOf(nonce, STAMP_SIZE)), nonce);
  }

  private byte[] mac(byte[] stamp) {
    try {
      Mac mac = Mac.getInstance(MAC);
      mac.init(key);
      return mac.doFinal(stamp);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK lacks " + MAC, e);
    }
  }
}
