package io.unsealfs.volume.luks;

import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The splitter that spreads a key over 4000 stripes, all of which are needed (luks.md section 2).
 */
final class AntiForensic {
  static final int STRIPES = 4000;

  private AntiForensic() {}

  /**
   * The key; the caller wipes it.
   *
   * @param material at least {@code size * 4000} bytes
   */
  static byte[] merge(byte[] material, int size, HashSpec hash) {
    byte[] sum = new byte[size];
    MessageDigest digest = hash.digest();
    for (int stripe = 0; stripe < STRIPES - 1; stripe++) {
      add(sum, material, stripe * size);
      diffuse(sum, digest, hash.size);
    }
    add(sum, material, (STRIPES - 1) * size);
    return sum;
  }

  /** Stripes that merge to {@code key}. */
  static byte[] split(byte[] key, HashSpec hash, SecureRandom random) {
    int size = key.length;
    byte[] material = new byte[size * STRIPES];
    random.nextBytes(material);
    Arrays.fill(material, (STRIPES - 1) * size, material.length, (byte) 0);
    byte[] sum = merge(material, size, hash);
    add(sum, key, 0);
    System.arraycopy(sum, 0, material, (STRIPES - 1) * size, size);
    Arrays.fill(sum, (byte) 0);
    return material;
  }

  private static void add(byte[] sum, byte[] bytes, int from) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] ^= bytes[from + i];
    }
  }

  private static void diffuse(byte[] sum, MessageDigest digest, int hashSize) {
    byte[] piece = new byte[hashSize];
    byte[] number = new byte[Integer.BYTES];
    try {
      for (int at = 0, index = 0; at < sum.length; at += hashSize, index++) {
        int length = Math.min(hashSize, sum.length - at);
        ByteBuffer.wrap(number).putInt(index);
        digest.update(number);
        digest.update(sum, at, length);
        int _ = digest.digest(piece, 0, hashSize);
        System.arraycopy(piece, 0, sum, at, length);
      }
    } catch (DigestException e) {
      throw new IllegalStateException("a hash longer than itself", e);
    } finally {
      Arrays.fill(piece, (byte) 0);
    }
  }
}
