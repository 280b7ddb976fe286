package io.unsealfs.storage.manifest;

import io.unsealfs.crypto.HmacKey;
import javax.crypto.Mac;

/** Seals manifests of one volume: HMAC-SHA-256 with a key that only who can open it has. */
public final class ManifestKey implements AutoCloseable {
  /** Bytes of a seal. */
  static final int SEAL_SIZE = 32;

  private final HmacKey key;

  private ManifestKey(HmacKey key) {
    this.key = key;
  }

  /**
   * A key derived from the volume's own.
   *
   * @param volumeKey stays the caller's, to be wiped by him
   */
  public static ManifestKey derive(byte[] volumeKey) {
    return new ManifestKey(HmacKey.derive(volumeKey, "unsealfs manifest"));
  }

  /** The seal on the first {@code length} bytes. */
  byte[] seal(byte[] manifest, int length) {
    Mac mac = key.begin();
    mac.update(manifest, 0, length);
    return mac.doFinal();
  }

  /** Wipes the key. Idempotent. */
  @Override
  public void close() {
    key.close();
  }
}
