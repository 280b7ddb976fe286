package io.unsealfs.crypto;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;

/** A key for HMAC-SHA-256 that only who can open a volume has: derived from the volume's own. */
public final class HmacKey implements AutoCloseable {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int KEY_SIZE = 32;

  private final HeapKey key;

  private HmacKey(HeapKey key) {
    this.key = key;
  }

  /**
   * Derives one with HKDF-SHA-256 (RFC 5869), without salt.
   *
   * @param volumeKey stays the caller's, to be wiped by him
   * @param label ASCII; what the key is for, another for each purpose
   */
  public static HmacKey derive(byte[] volumeKey, String label) {
    byte[] info = label.getBytes(StandardCharsets.US_ASCII);
    byte[] derived = Hkdf.SHA256.derive(volumeKey, new byte[0], info, KEY_SIZE);
    try {
      return new HmacKey(new HeapKey(ALGORITHM, derived));
    } finally {
      Arrays.fill(derived, (byte) 0);
    }
  }

  /** One computation. */
  public Mac begin() {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no HMAC-SHA-256", e);
    }
  }

  /** Wipes the key. Idempotent. */
  @Override
  public void close() {
    key.destroy();
  }
}
