package io.unsealfs.crypto;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;

/**
 * AES-CMAC (RFC 4493): one CBC call over the whole message, which the JDK's intrinsic makes fast.
 * Not thread-safe.
 */
final class AesCmac {
  private final Cipher cbc = Aes.cipher("AES/CBC/NoPadding");
  private final byte[] wholeMask = new byte[Aes.BLOCK];
  private final byte[] paddedMask = new byte[Aes.BLOCK];
  private byte[] message = new byte[0];
  private byte[] chained = new byte[0];

  AesCmac(HeapKey key) {
    Aes.checkKeySize(key.length());
    try {
      // after each doFinal the JDK returns to this IV, so one init serves every message
      cbc.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(new byte[Aes.BLOCK]));
      byte[] l = cbc.doFinal(new byte[Aes.BLOCK]);
      Aes.doubleBigEndian(l);
      System.arraycopy(l, 0, wholeMask, 0, Aes.BLOCK);
      Aes.doubleBigEndian(l);
      System.arraycopy(l, 0, paddedMask, 0, Aes.BLOCK);
      Arrays.fill(l, (byte) 0);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-CMAC failed", e);
    }
  }

  /** Writes the 16-byte code of the message to {@code out}. */
  void mac(byte[] in, int offset, int length, byte[] out) {
    finish(load(in, offset, length), out);
  }

  /** The code of the message whose last 16 bytes were xored with {@code mask}; length >= 16. */
  void macXorEnd(byte[] in, int offset, int length, byte[] mask, byte[] out) {
    int padded = load(in, offset, length);
    Aes.xorBlock(message, length - Aes.BLOCK, mask, 0);
    finish(padded, out);
  }

  /** Copies the message, pads it and masks its last block; returns the padded length. */
  private int load(byte[] in, int offset, int length) {
    int padded = Math.max(Aes.BLOCK, (length + Aes.BLOCK - 1) / Aes.BLOCK * Aes.BLOCK);
    if (message.length < padded) {
      message = new byte[padded];
      chained = new byte[padded];
    }
    System.arraycopy(in, offset, message, 0, length);
    if (length < padded) {
      message[length] = (byte) 0x80;
      Arrays.fill(message, length + 1, padded, (byte) 0);
      Aes.xorBlock(message, padded - Aes.BLOCK, paddedMask, 0);
    } else {
      Aes.xorBlock(message, padded - Aes.BLOCK, wholeMask, 0);
    }
    return padded;
  }

  private void finish(int padded, byte[] out) {
    try {
      cbc.doFinal(message, 0, padded, chained, 0);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-CMAC failed", e);
    }
    System.arraycopy(chained, padded - Aes.BLOCK, out, 0, Aes.BLOCK);
    // the copy of the plaintext must not outlive the call
    Arrays.fill(message, 0, padded, (byte) 0);
  }
}
