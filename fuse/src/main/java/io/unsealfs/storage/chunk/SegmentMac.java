package io.unsealfs.storage.chunk;

import io.unsealfs.crypto.HmacKey;
import java.util.Arrays;
import javax.crypto.Mac;

/**
 * Authenticates cached segments of formats that do not do so themselves: without it whoever can
 * write the cache directory could change plaintext at will, and a checksum would agree.
 * HMAC-SHA-256 cut to 16 bytes, with a key that only who can open the volume has.
 */
public final class SegmentMac implements AutoCloseable {
  private final HmacKey key;

  private SegmentMac(HmacKey key) {
    this.key = key;
  }

  /**
   * With a key derived from the volume's own.
   *
   * @param volumeKey stays the caller's, to be wiped by him
   */
  public static SegmentMac derive(byte[] volumeKey) {
    return new SegmentMac(HmacKey.derive(volumeKey, "unsealfs chunk cache"));
  }

  /** One computation. */
  Mac begin() {
    return key.begin();
  }

  /** The result of a computation, truncated. */
  static byte[] end(Mac mac) {
    return Arrays.copyOf(mac.doFinal(), SegmentHeader.MAC_SIZE);
  }

  /** Wipes the key. */
  @Override
  public void close() {
    key.close();
  }
}
