package io.unsealfs.crypto;

import java.util.Arrays;
import javax.crypto.Cipher;

/**
 * EME (Halevi and Rogaway 2003) over AES: a tweakable permutation of 16 to 2048 bytes. Thread-safe.
 * See gocryptfs.md section 12 for the formulas and letters.
 */
public final class Eme implements AutoCloseable {

  /** Bytes of a tweak. */
  public static final int TWEAK_SIZE = 16;

  private static final int MAX_BLOCKS = 128;

  private final HeapKey key;

  /** L_1, L_2, … for as many blocks as EME allows. */
  private final byte[] masks = new byte[MAX_BLOCKS * Aes.BLOCK];

  private final WorkerPool<Cipher> encryptors;
  private final WorkerPool<Cipher> decryptors;

  /**
   * A permutation with a copy of {@code key}.
   *
   * @throws UnsupportedParameterException unless the key has 16, 24 or 32 bytes
   */
  public Eme(byte[] key) {
    Aes.checkKeySize(key.length);
    this.key = new HeapKey("AES", key);
    this.encryptors = new WorkerPool<>(() -> Aes.ecb(Cipher.ENCRYPT_MODE, this.key));
    this.decryptors = new WorkerPool<>(() -> Aes.ecb(Cipher.DECRYPT_MODE, this.key));
    Cipher ecb = encryptors.take();
    byte[] mask = new byte[Aes.BLOCK];
    Aes.blocks(ecb, mask, 0, Aes.BLOCK, mask, 0);
    encryptors.give(ecb);
    for (int i = 0; i < MAX_BLOCKS; i++) {
      Aes.doubleLittleEndian(mask);
      System.arraycopy(mask, 0, masks, i * Aes.BLOCK, Aes.BLOCK);
    }
  }

  /**
   * Encrypts {@code plaintext}, whose length is 16 to 2048 and a multiple of 16.
   *
   * @throws UnsupportedParameterException for other lengths
   */
  public byte[] encrypt(byte[] tweak, byte[] plaintext) {
    return run(encryptors, tweak, plaintext);
  }

  /**
   * Decrypts {@code ciphertext}, whose length is 16 to 2048 and a multiple of 16.
   *
   * @throws UnsupportedParameterException for other lengths
   */
  public byte[] decrypt(byte[] tweak, byte[] ciphertext) {
    return run(decryptors, tweak, ciphertext);
  }

  @Override
  public void close() {
    encryptors.close();
    decryptors.close();
    key.destroy();
    Arrays.fill(masks, (byte) 0);
  }

  private byte[] run(WorkerPool<Cipher> pool, byte[] tweak, byte[] in) {
    if (tweak.length != TWEAK_SIZE) {
      throw new UnsupportedParameterException("EME tweak of " + tweak.length + " bytes, not 16");
    }
    if (in.length == 0 || in.length % Aes.BLOCK != 0 || in.length > MAX_BLOCKS * Aes.BLOCK) {
      throw new UnsupportedParameterException(
          "EME text of " + in.length + " bytes: 16 to 2048 in steps of 16 are supported");
    }
    Cipher cipher = pool.take();
    try {
      return transform(cipher, tweak, in);
    } finally {
      pool.give(cipher);
    }
  }

  private byte[] transform(Cipher f, byte[] tweak, byte[] in) {
    int length = in.length;
    byte[] text = in.clone();
    xorMasks(text);
    Aes.blocks(f, text, 0, length, text, 0);

    byte[] mp = tweak.clone();
    for (int at = 0; at < length; at += Aes.BLOCK) {
      Aes.xorBlock(mp, 0, text, at);
    }
    byte[] mc = new byte[Aes.BLOCK];
    Aes.blocks(f, mp, 0, Aes.BLOCK, mc, 0);
    byte[] m = mp.clone();
    Aes.xorBlock(m, 0, mc, 0);

    byte[] first = mc.clone();
    Aes.xorBlock(first, 0, tweak, 0);
    for (int at = Aes.BLOCK; at < length; at += Aes.BLOCK) {
      Aes.doubleLittleEndian(m);
      Aes.xorBlock(text, at, m, 0);
      Aes.xorBlock(first, 0, text, at);
    }
    System.arraycopy(first, 0, text, 0, Aes.BLOCK);

    Aes.blocks(f, text, 0, length, text, 0);
    xorMasks(text);
    return text;
  }

  private void xorMasks(byte[] text) {
    for (int at = 0; at < text.length; at += Aes.BLOCK) {
      Aes.xorBlock(text, at, masks, at);
    }
  }
}
