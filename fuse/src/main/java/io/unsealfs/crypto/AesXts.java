package io.unsealfs.crypto;

import javax.crypto.Cipher;

/**
 * AES-XTS (IEEE 1619) over whole sectors, which is AES-ECB between two additions of a tweak. The
 * JDK has no XTS, but an ECB that runs at full speed on long input, so a batch of sectors goes
 * through it at once: one call makes all their tweaks, one does the data.
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
    private final Cipher decryptor = Aes.ecb(Cipher.DECRYPT_MODE, dataKey);
    private final Cipher tweakEncryptor = Aes.ecb(Cipher.ENCRYPT_MODE, tweakKey);
    private final byte[] firstTweaks = new byte[BATCH / sectorSize * Aes.BLOCK];
    private final long[] tweaks = new long[BATCH / Long.BYTES];

    private XtsWorker() {}

    @Override
    public void decrypt(
        long unit,
        byte[] ciphertext,
        int ciphertextOffset,
        int length,
        byte[] plaintext,
        int plaintextOffset) {
      run(decryptor, unit, ciphertext, ciphertextOffset, length, plaintext, plaintextOffset);
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
      run(encryptor, unit, plaintext, plaintextOffset, length, ciphertext, ciphertextOffset);
    }

    private void run(
        Cipher ecb, long unit, byte[] in, int inOffset, int length, byte[] out, int outOffset) {
      if (length % sectorSize != 0) {
        throw new UnsupportedParameterException(length + " bytes are not whole sectors");
      }
      for (int done = 0; done < length; done += BATCH) {
        int part = Math.min(BATCH, length - done);
        makeTweaks(unit + done / UNIT, part);
        addTweaks(in, inOffset + done, part, out, outOffset + done);
        Aes.blocks(ecb, out, outOffset + done, part, out, outOffset + done);
        addTweaks(out, outOffset + done, part, out, outOffset + done);
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

    @Override
    public void close() {
      pool.give(this);
    }
  }
}
