package io.unsealfs.crypto;

import java.security.GeneralSecurityException;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;

/** HKDF (RFC 5869), by the JDK. */
public enum Hkdf {
  /** HKDF with HMAC-SHA-256. */
  SHA256("HKDF-SHA256", 32),
  /** HKDF with HMAC-SHA-512. */
  SHA512("HKDF-SHA512", 64);

  private final String algorithm;
  private final int hashSize;

  Hkdf(String algorithm, int hashSize) {
    this.algorithm = algorithm;
    this.hashSize = hashSize;
  }

  /**
   * Extract, then expand.
   *
   * @param salt an empty one is as good as none
   * @param length bytes wanted
   * @return the output key; the caller wipes it
   * @throws UnsupportedParameterException unless {@code length} is 1 to 255 hash lengths and the
   *     input key not empty
   */
  public byte[] derive(byte[] inputKey, byte[] salt, byte[] info, int length) {
    if (length < 1 || length > 255 * hashSize) {
      throw new UnsupportedParameterException(
          algorithm + " output of " + length + " bytes: 1 to " + 255 * hashSize + " are supported");
    }
    if (inputKey.length == 0) {
      throw new UnsupportedParameterException(algorithm + " of an empty key");
    }
    HeapKey key = new HeapKey("Generic", inputKey);
    try {
      var extract = HKDFParameterSpec.ofExtract().addIKM(key);
      if (salt.length > 0) {
        extract.addSalt(salt);
      }
      return KDF.getInstance(algorithm).deriveData(extract.thenExpand(info, length));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(algorithm + " failed", e);
    } finally {
      key.destroy();
    }
  }
}
