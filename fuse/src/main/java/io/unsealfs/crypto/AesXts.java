package io.unsealfs.crypto;

import javax.crypto.Cipher;

/**
 * AES-XTS (IEEE 1619) over whole sectors: each block alone, between two additions of a tweak. The
 * JDK has no XTS, but is fast on long input, so a batch of sectors goes through at once: one call
 * makes all their tweaks, one does the data. That one is CBC when decrypting, with the chaining
 * taken out again afterwards: on processors without AVX-512 it is several times as fast as ECB.
 */
public final class AesXts implements SectorCipher {
  /** Bytes per batch: ciphertext, plaintext and tweaks stay in the core's first cache. */
  private static final int BATCH = 8 << 10;

  private final HeapKey dataKey;
  private final HeapKey tweakKey;
  private final SectorIv iv;
  private final int sectorSize;
  private final WorkerPool<XtsWorker> pool = new WorkerPool<>(XtsWorker::new);

  /**
   * A cipher with a copy of {@code key}: data key, then tweak key.
   *
   * @throws UnsupportedParameterException unless the key has 32 or 64 bytes, the sector size is one
   *     that disks have and the vector is a plain one
   */
  public AesXts(byte[] key, SectorIv iv, int sectorSize) {
    if (key.length != 32 && key.length != 64) {
      throw new UnsupportedParameterException(
          "AES-XTS key of " + key.length + " bytes: 32 or 64 are supported");
    }
    if (iv == SectorIv.ESSIV_SHA256) {
      throw new UnsupportedParameterException("AES-XTS takes plain sector numbers, not ESSIV");
    }
    int half = key.length / 2;
    this.sectorSize = SectorCipher.checkSectorSize(sectorSize);
    this.dataKey = new HeapKey("AES", key, 0, half);
    this.tweakKey = new HeapKey("AES", key, half, half);
    this.iv = iv;
  }

  @Override
  public int sectorSize() {
    return sectorSize;
  }

  @Override
  public XtsWorker borrow() {
    return pool.take();
  }

  @Override
  public void close() {
    pool.close();
    dataKey.destroy();
    tweakKey.destroy();
  }

  /** Cipher objects of one key. */
  public final class XtsWorker implements Worker {
    private final Cipher decryptor = Aes.chainedDecryptor(dataKey);
    private final Cipher tweakEncryptor = Aes.ecb(Cipher.ENCRYPT_MODE, tweakKey);
    private final byte[] firstTweaks = new byte[BATCH / sectorSize * Aes.BLOCK];
    private final long[] tweaks = new long[BATCH / Long.BYTES];
    private final byte[] masked = new byte[BATCH];

    private XtsWorker() {}

    @Override
    public void decrypt(
        long unit,
        byte[] ciphertext,
        int ciphertextOffset,
        int length,
        byte[] plaintext,
        int plaintextOffset) {
      requireSectors(length);
      for (int done = 0; done < length; done += BATCH) {
        int part = Math.min(BATCH, length - done);
        makeTweaks(unit + done / UNIT, part);
        addTweaks(ciphertext, ciphertextOffset + done, part, masked, 0);
        Aes.blocksChained(decryptor, masked, 0, part, plaintext, plaintextOffset + done);
        addTweaksAndUnchain(plaintext, plaintextOffset + done, part);
      }
    }

    private void requireSectors(int length) {
      if (length % sectorSize != 0) {
        throw new UnsupportedParameterException(length + " bytes are not whole sectors");
      }
    }

    /** Encrypts whole sectors; the rest as in {@link Worker#decrypt}. */
    public void encrypt(
        long unit,
        byte[] plaintext,
        int plaintextOffset,
        int length,
        byte[] ciphertext,
        int ciphertextOffset) {
      // made anew: only the writing of a volume encrypts, and in pieces of many sectors
      Cipher encryptor = Aes.ecb(Cipher.ENCRYPT_MODE, dataKey);
      requireSectors(length);
      for (int done = 0; done < length; done += BATCH) {
        int part = Math.min(BATCH, length - done);
        int out = ciphertextOffset + done;
        makeTweaks(unit + done / UNIT, part);
        addTweaks(plaintext, plaintextOffset + done, part, ciphertext, out);
        Aes.blocks(encryptor, ciphertext, out, part, ciphertext, out);
        addTweaks(ciphertext, out, part, ciphertext, out);
      }
    }

    /** The tweak of every block of {@code length} bytes. */
    private void makeTweaks(long unit, int length) {
      int sectors = length / sectorSize;
      for (int i = 0; i < sectors; i++) {
        iv.write(unit + (long) i * (sectorSize / UNIT), firstTweaks, i * Aes.BLOCK);
      }
      int size = sectors * Aes.BLOCK;
      Aes.blocks(tweakEncryptor, firstTweaks, 0, size, firstTweaks, 0);
      long[] all = tweaks;
      int words = sectorSize / Long.BYTES;
      for (int i = 0; i < sectors; i++) {
        long low = (long) LONGS.get(firstTweaks, i * Aes.BLOCK);
        long high = (long) LONGS.get(firstTweaks, i * Aes.BLOCK + Long.BYTES);
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
        LONGS.set(out, outOffset + at, (long) LONGS.get(in, inOffset + at) ^ all[word]);
      }
    }

    /** As {@link #addTweaks}, and takes out the block of {@link #masked} before each block. */
    private void addTweaksAndUnchain(byte[] text, int offset, int length) {
      long[] all = tweaks;
      byte[] before = masked;
      for (int at = 0; at < Aes.BLOCK; at += Long.BYTES) {
        LONGS.set(text, offset + at, (long) LONGS.get(text, offset + at) ^ all[at / Long.BYTES]);
      }
      for (int at = Aes.BLOCK; at < length; at += Long.BYTES) {
        long chained = (long) LONGS.get(text, offset + at);
        long previous = (long) LONGS.get(before, at - Aes.BLOCK);
        LONGS.set(text, offset + at, chained ^ previous ^ all[at / Long.BYTES]);
      }
    }

    @Override
    public void close() {
      pool.give(this);
    }
  }
}
