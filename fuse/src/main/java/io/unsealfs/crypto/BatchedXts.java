package io.unsealfs.crypto;

import javax.crypto.Cipher;

/**
 * AES-XTS on the JDK, which has none but is fast on long input. So a batch of sectors goes through
 * at once: one call makes all their tweaks, one does the data. That one is CBC when decrypting,
 * with the chaining taken out again afterwards: on processors without AVX-512 it is several times
 * as fast as ECB. One thread at a time.
 */
final class BatchedXts {
  /** Bytes per batch: ciphertext, plaintext and tweaks stay in the core's first cache. */
  private static final int BATCH = 8 << 10;

  private final HeapKey dataKey;
  private final SectorIv iv;
  private final int sectorSize;
  private final Cipher decryptor;
  private final Cipher tweakEncryptor;
  private final byte[] firstTweaks;
  private final long[] tweaks = new long[BATCH / Long.BYTES];
  private final byte[] masked = new byte[BATCH];

  BatchedXts(HeapKey dataKey, HeapKey tweakKey, SectorIv iv, int sectorSize) {
    this.dataKey = dataKey;
    this.iv = iv;
    this.sectorSize = sectorSize;
    this.decryptor = Aes.chainedDecryptor(dataKey);
    this.tweakEncryptor = Aes.ecb(Cipher.ENCRYPT_MODE, tweakKey);
    this.firstTweaks = new byte[BATCH / sectorSize * Aes.BLOCK];
  }

  /** Decrypts whole sectors, as in {@link SectorCipher.Worker#decrypt}. */
  void decrypt(
      long unit,
      byte[] ciphertext,
      int ciphertextOffset,
      int length,
      byte[] plaintext,
      int plaintextOffset) {
    for (int done = 0; done < length; done += BATCH) {
      int part = Math.min(BATCH, length - done);
      makeTweaks(unit + done / SectorCipher.UNIT, part);
      addTweaks(ciphertext, ciphertextOffset + done, part, masked, 0);
      Aes.blocksChained(decryptor, masked, 0, part, plaintext, plaintextOffset + done);
      addTweaksAndUnchain(plaintext, plaintextOffset + done, part);
    }
  }

  /** Encrypts whole sectors; the rest as in {@link #decrypt}. */
  void encrypt(
      long unit,
      byte[] plaintext,
      int plaintextOffset,
      int length,
      byte[] ciphertext,
      int ciphertextOffset) {
    // made anew: only the writing of a volume encrypts, and in pieces of many sectors
    Cipher encryptor = Aes.ecb(Cipher.ENCRYPT_MODE, dataKey);
    for (int done = 0; done < length; done += BATCH) {
      int part = Math.min(BATCH, length - done);
      int out = ciphertextOffset + done;
      makeTweaks(unit + done / SectorCipher.UNIT, part);
      addTweaks(plaintext, plaintextOffset + done, part, ciphertext, out);
      Aes.blocks(encryptor, ciphertext, out, part, ciphertext, out);
      addTweaks(ciphertext, out, part, ciphertext, out);
    }
  }

  /** The tweak of every block of {@code length} bytes. */
  private void makeTweaks(long unit, int length) {
    int sectors = length / sectorSize;
    for (int i = 0; i < sectors; i++) {
      iv.write(unit + (long) i * (sectorSize / SectorCipher.UNIT), firstTweaks, i * Aes.BLOCK);
    }
    int size = sectors * Aes.BLOCK;
    Aes.blocks(tweakEncryptor, firstTweaks, 0, size, firstTweaks, 0);
    long[] all = tweaks;
    int words = sectorSize / Long.BYTES;
    for (int i = 0; i < sectors; i++) {
      long low = (long) SectorCipher.LONGS.get(firstTweaks, i * Aes.BLOCK);
      long high = (long) SectorCipher.LONGS.get(firstTweaks, i * Aes.BLOCK + Long.BYTES);
      int end = (i + 1) * words;
      for (int at = i * words; at < end; at += 2) {
        all[at] = low;
        all[at + 1] = high;
        // doubling without a branch on key-dependent bits
        long carry = high >> 63 & 0x87;
        high = high << 1 | low >>> 63;
        low = low << 1 ^ carry;
      }
    }
  }

  private void addTweaks(byte[] in, int inOffset, int length, byte[] out, int outOffset) {
    long[] all = tweaks;
    for (int at = 0, word = 0; at < length; at += Long.BYTES, word++) {
      SectorCipher.LONGS.set(
          out, outOffset + at, (long) SectorCipher.LONGS.get(in, inOffset + at) ^ all[word]);
    }
  }

  /** As {@link #addTweaks}, and takes out the block of {@link #masked} before each block. */
  private void addTweaksAndUnchain(byte[] text, int offset, int length) {
    long[] all = tweaks;
    byte[] before = masked;
    for (int at = 0; at < Aes.BLOCK; at += Long.BYTES) {
      SectorCipher.LONGS.set(
          text,
          offset + at,
          (long) SectorCipher.LONGS.get(text, offset + at) ^ all[at / Long.BYTES]);
    }
    for (int at = Aes.BLOCK; at < length; at += Long.BYTES) {
      long chained = (long) SectorCipher.LONGS.get(text, offset + at);
      long previous = (long) SectorCipher.LONGS.get(before, at - Aes.BLOCK);
      SectorCipher.LONGS.set(text, offset + at, chained ^ previous ^ all[at / Long.BYTES]);
    }
  }
}
