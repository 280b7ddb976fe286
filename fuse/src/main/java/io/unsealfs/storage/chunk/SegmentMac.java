package io.unsealfs.storage.chunk;

import io.unsealfs.crypto.HeapKey;
import io.unsealfs.crypto.Hkdf;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;

/**
 * Authenticates cached segments of formats that do not do so themselves: without it whoever can
 * write the cache directory could change plaintext at will, and a checksum would agree.
 * HMAC-SHA-256 cut to 16 bytes, with a key that only who can open the volume has.
 */
public final class SegmentMac implements AutoCloseable {
  private static final byte[] LABEL = "unsealfs chunk cache".getBytes(StandardCharsets.US_ASCII);
  private static final int KEY_SIZE = 32;

  private final HeapKey key;

  private SegmentMac(HeapKey key) {
    this.key = key;
  }

  /**
   * With a key derived from the volume's own.
   *
   * @param volumeKey stays the caller's, to be wiped by him
   */
  public static SegmentMac derive(byte[] volumeKey) {
    byte[] derived = Hkdf.SHA256.derive(volumeKey, new byte[0], LABEL, KEY_SIZE);
    try {
      return new SegmentMac(new HeapKey("HmacSHA256", derived));
    } finally {
      Arrays.fill(derived, (byte) 0);
    }
  }

  /** One computation. */
  Mac begin() {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no HMAC-SHA-256", e);
    }
  }

  /** The result of a computation, truncated. */
  static byte[] end(Mac mac) {
    return Arrays.copyOf(mac.doFinal(), SegmentHeader.MAC_SIZE);
  }

  /** Wipes the key. */
  @Override
  public void close() {
    key.destroy();
  }
}
