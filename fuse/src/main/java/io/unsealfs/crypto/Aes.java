package io.unsealfs.crypto;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;

/** The JDK's AES, and doubling in the two byte orders its modes use. */
final class Aes {
  static final int BLOCK = 16;

  private Aes() {}

  static void checkKeySize(int bytes) {
    if (bytes != 16 && bytes != 24 && bytes != 32) {
      throw new UnsupportedParameterException(
          "AES key of " + bytes + " bytes: 16, 24 or 32 are supported");
    }
  }

  static Cipher cipher(String transformation) {
    try {
      return Cipher.getInstance(transformation);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no " + transformation, e);
    }
  }

  static Cipher ecb(int mode, HeapKey key) {
    try {
      Cipher cipher = cipher("AES/ECB/NoPadding");
      cipher.init(mode, key);
      return cipher;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES failed", e);
    }
  }

  /**
   * A decryptor in CBC mode with an initial vector of zeros, for {@link #blocksChained}. Where the
   * processor has no AVX-512 the JDK takes one block after the other through ECB, but several at
   * once through this.
   */
  static Cipher chainedDecryptor(HeapKey key) {
    try {
      Cipher cipher = cipher("AES/CBC/NoPadding");
      cipher.init(Cipher.DECRYPT_MODE, key, new IvParameterSpec(new byte[BLOCK]));
      return cipher;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES failed", e);
    }
  }

  /**
   * Decrypts whole blocks, each then xored with the ciphertext of the one before it, which the
   * caller takes out again or wants there. Not in place.
   */
  static void blocksChained(
      Cipher chained, byte[] in, int inOffset, int length, byte[] out, int outOffset) {
    try {
      // after each doFinal the JDK returns to the initial vector
      int done = chained.doFinal(in, inOffset, length, out, outOffset);
      if (done != length) {
        throw new IllegalStateException("AES kept back " + (length - done) + " bytes");
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES failed", e);
    }
  }

  /** Runs whole blocks through an ECB cipher; in and out may be the same array and offset. */
  static void blocks(Cipher ecb, byte[] in, int inOffset, int length, byte[] out, int outOffset) {
    try {
      int done = ecb.update(in, inOffset, length, out, outOffset);
      if (done != length) {
        throw new IllegalStateException("AES kept back " + (length - done) + " bytes");
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES failed", e);
    }
  }

  /** Doubling in GF(2^128), byte 0 most significant: CMAC and SIV. */
  static void doubleBigEndian(byte[] x) {
    int carry = 0;
    for (int i = BLOCK - 1; i >= 0; i--) {
      int v = (x[i] & 0xff) << 1 | carry;
      x[i] = (byte) v;
      carry = v >>> 8;
    }
    // constant time: no branch on key-dependent bits
    x[BLOCK - 1] ^= (byte) (-carry & 0x87);
  }

  /** Doubling in GF(2^128), byte 0 least significant: EME and XTS. */
  static void doubleLittleEndian(byte[] x) {
    int carry = 0;
    for (int i = 0; i < BLOCK; i++) {
      int v = (x[i] & 0xff) << 1 | carry;
      x[i] = (byte) v;
      carry = v >>> 8;
    }
    x[0] ^= (byte) (-carry & 0x87);
  }

  static void xorBlock(byte[] target, int targetOffset, byte[] mask, int maskOffset) {
    for (int i = 0; i < BLOCK; i++) {
      target[targetOffset + i] ^= mask[maskOffset + i];
    }
  }
}
