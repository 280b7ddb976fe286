package io.unsealfs.volume.gocryptfs;

import io.unsealfs.crypto.Eme;
import io.unsealfs.crypto.Hkdf;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/** The ciphers of one open volume; the only place its keys live. */
final class VolumeCiphers implements AutoCloseable {
  private static final String NAME_DERIVATION = "EME filename encryption";
  private static final byte[] NO_SALT = {};

  private final ContentCipher content;
  private final NameCipher names;

  private VolumeCiphers(ContentCipher content, NameCipher names) {
    this.content = content;
    this.names = names;
  }

  /**
   * Derives the keys (gocryptfs.md section 3). {@code masterKey} stays the caller's, who wipes it.
   */
  static VolumeCiphers derive(GocryptfsConfig config, byte[] masterKey) {
    boolean hkdf = config.has(FeatureFlag.HKDF);
    ContentAlgorithm algorithm = config.contentAlgorithm();
    byte[] contentKey = contentKey(algorithm, hkdf, masterKey);
    byte[] nameKey = hkdf ? subKey(masterKey, NAME_DERIVATION, 32) : masterKey.clone();
    try {
      return new VolumeCiphers(
          new ContentCipher(algorithm, contentKey),
          new NameCipher(new Eme(nameKey), new Base64Url(config.has(FeatureFlag.RAW64))));
    } finally {
      Arrays.fill(contentKey, (byte) 0);
      Arrays.fill(nameKey, (byte) 0);
    }
  }

  private static byte[] contentKey(ContentAlgorithm algorithm, boolean hkdf, byte[] masterKey) {
    if (hkdf) {
      return subKey(masterKey, algorithm.derivation, algorithm.keySize);
    }
    return switch (algorithm) {
      case AES_256_GCM -> masterKey.clone();
      case AES_SIV_512 -> sha512(masterKey);
      case XCHACHA20_POLY1305 ->
          throw new IllegalStateException("GocryptfsConfig lets no XChaCha volume without HKDF by");
    };
  }

  private static byte[] subKey(byte[] masterKey, String info, int length) {
    return Hkdf.SHA256.derive(masterKey, NO_SALT, info.getBytes(StandardCharsets.US_ASCII), length);
  }

  private static byte[] sha512(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-512").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-512", e);
    }
  }

  ContentCipher content() {
    return content;
  }

  NameCipher names() {
    return names;
  }

  /** Wipes the keys and drops every cipher object that knows one. */
  @Override
  public void close() {
    content.close();
    names.close();
  }
}
