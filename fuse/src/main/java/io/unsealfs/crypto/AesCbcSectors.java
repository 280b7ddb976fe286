package io.unsealfs.crypto;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Cipher;

/**
 * AES-CBC over whole sectors, decryption only. A whole batch of sectors goes through one call as if
 * it were one chain, whose links between sectors are then taken out; their vectors go through
 * another.
 */
public final class AesCbcSectors implements SectorCipher {
  private static final int BATCH = 8 << 10;

  private final HeapKey key;
  private final HeapKey ivKey;
  private final SectorIv iv;
  private final int sectorSize;
  private final WorkerPool<CbcWorker> pool = new WorkerPool<>(CbcWorker::new);

  /**
   * A cipher with a copy of {@code key}.
   *
   * @throws UnsupportedParameterException unless the key has 16, 24 or 32 bytes and the sector size
   *     is one that disks have
   */
  public AesCbcSectors(byte[] key, SectorIv iv, int sectorSize) {
    Aes.checkKeySize(key.length);
    this.sectorSize = SectorCipher.checkSectorSize(sectorSize);
    this.key = new HeapKey("AES", key);
    this.iv = iv;
    byte[] hashed = sha256(key);
    this.ivKey = new HeapKey("AES", hashed);
    Arrays.fill(hashed, (byte) 0);
  }

  private static byte[] sha256(byte[] key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  @Override
  public int sectorSize() {
    return sectorSize;
  }

  @Override
  public Worker borrow() {
    return pool.take();
  }

  @Override
  public void close() {
    pool.close();
    key.destroy();
    ivKey.destroy();
  }

  private final class CbcWorker implements Worker {
    private final Cipher decryptor = Aes.chainedDecryptor(key);
    private final Cipher ivEncryptor = Aes.ecb(Cipher.ENCRYPT_MODE, ivKey);
    private final byte[] vectors = new byte[BATCH / sectorSize * Aes.BLOCK];

    @Override
    public void decrypt(
        long unit,
        byte[] ciphertext,
        int ciphertextOffset,
        int length,
        byte[] plaintext,
        int plaintextOffset) {
      if (length % sectorSize != 0) {
        throw new UnsupportedParameterException(length + " bytes are not whole sectors");
      }
      for (int done = 0; done < length; done += BATCH) {
        int part = Math.min(BATCH, length - done);
        makeVectors(unit + done / UNIT, part / sectorSize);
        int from = ciphertextOffset + done;
        int to = plaintextOffset + done;
        Aes.blocksChained(decryptor, ciphertext, from, part, plaintext, to);
        for (int sector = 0; sector < part / sectorSize; sector++) {
          int first = sector * sectorSize;
          Aes.xorBlock(plaintext, to + first, vectors, sector * Aes.BLOCK);
          if (sector > 0) {
            // no chain from one sector to the next
            Aes.xorBlock(plaintext, to + first, ciphertext, from + first - Aes.BLOCK);
          }
        }
      }
    }

    private void makeVectors(long unit, int sectors) {
      for (int i = 0; i < sectors; i++) {
        iv.write(unit + (long) i * (sectorSize / UNIT), vectors, i * Aes.BLOCK);
      }
      if (iv == SectorIv.ESSIV_SHA256) {
        Aes.blocks(ivEncryptor, vectors, 0, sectors * Aes.BLOCK, vectors, 0);
      }
    }

    @Override
    public void close() {
      pool.give(this);
    }
  }
}
