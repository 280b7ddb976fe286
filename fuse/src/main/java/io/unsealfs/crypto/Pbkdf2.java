package io.unsealfs.crypto;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;

/**
 * PBKDF2 (RFC 8018) over passwords that are bytes: the JDK's own takes characters, and turns them
 * into bytes by rules of its own.
 */
public enum Pbkdf2 {
  /** PBKDF2 with HMAC-SHA-1, for old volumes. */
  HMAC_SHA1("HmacSHA1", 20),
  /** PBKDF2 with HMAC-SHA-256. */
  HMAC_SHA256("HmacSHA256", 32),
  /** PBKDF2 with HMAC-SHA-512. */
  HMAC_SHA512("HmacSHA512", 64);

  private static final int ITERATIONS_PER_LOOK = 1 << 12;

  private final String macAlgorithm;
  private final int macSize;

  Pbkdf2(String macAlgorithm, int macSize) {
    this.macAlgorithm = macAlgorithm;
    this.macSize = macSize;
  }

  /**
   * Derives {@code length} bytes; the caller wipes them. The caller has bounded {@code iterations}.
   *
   * @throws UnsupportedParameterException unless {@code iterations} and {@code length} are positive
   *     and {@code length} at most 1 MiB
   */
  public byte[] derive(byte[] password, byte[] salt, int iterations, int length) {
    try {
      return derive(password, salt, iterations, length, Deadline.never());
    } catch (KdfTimeoutException e) {
      throw new IllegalStateException("never has come", e);
    }
  }

  /**
   * As {@link #derive(byte[], byte[], int, int)}, within a time.
   *
   * @throws KdfTimeoutException if it takes longer
   */
  public byte[] derive(byte[] password, byte[] salt, int iterations, int length, Deadline deadline)
      throws KdfTimeoutException {
    if (iterations < 1 || length < 1 || length > 1 << 20) {
      throw new UnsupportedParameterException(
          "PBKDF2 with " + iterations + " iterations and " + length + " bytes of output");
    }
    HeapKey key = new HeapKey(macAlgorithm, password);
    byte[] out = new byte[length];
    int size = macSize;
    byte[] block = new byte[size];
    byte[] sum = new byte[size];
    try {
      Mac mac = Mac.getInstance(macAlgorithm);
      mac.init(key);
      for (int done = 0, index = 1; done < length; done += size, index++) {
        mac.update(salt);
        mac.update(ByteBuffer.allocate(4).putInt(0, index));
        mac.doFinal(block, 0);
        System.arraycopy(block, 0, sum, 0, size);
        for (int i = 1; i < iterations; i++) {
          if (i % ITERATIONS_PER_LOOK == 0) {
            deadline.check();
          }
          mac.update(block);
          mac.doFinal(block, 0);
          for (int b = 0; b < size; b++) {
            sum[b] ^= block[b];
          }
        }
        System.arraycopy(sum, 0, out, done, Math.min(size, length - done));
      }
      return out;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(macAlgorithm + " failed", e);
    } finally {
      key.destroy();
      Arrays.fill(block, (byte) 0);
      Arrays.fill(sum, (byte) 0);
    }
  }
}
