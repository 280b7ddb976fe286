package io.unsealfs.storage.manifest;

import io.unsealfs.crypto.HeapKey;
import io.unsealfs.crypto.Hkdf;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;

/** Seals manifests of one volume: HMAC-SHA-256 with a key that only who can open it has. */
public final class ManifestKey implements AutoCloseable {
  /** Bytes of a seal. */
  static final int SEAL_SIZE = 32;

  private static final byte[] LABEL = "unsealfs manifest".getBytes(StandardCharsets.US_ASCII);
  private static final int KEY_SIZE = 32;

  private final HeapKey key;

  private ManifestKey(HeapKey key) {
    this.key = key;
  }

  /**
   * A key derived from the volume's own.
   *
   * @param volumeKey stays the caller's, to be wiped by him
   */
  public static ManifestKey derive(byte[] volumeKey) {
    byte[] derived = Hkdf.SHA256.derive(volumeKey, new byte[0], LABEL, KEY_SIZE);
    try {
      return new ManifestKey(new HeapKey("HmacSHA256", derived));
    } finally {
      Arrays.fill(derived, (byte) 0);
    }
  }

  /** The seal on the first {@code length} bytes. */
  byte[] seal(byte[] manifest, int length) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      mac.update(manifest, 0, length);
      return mac.doFinal();
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
