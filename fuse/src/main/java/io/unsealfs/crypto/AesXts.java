package io.unsealfs.crypto;

import java.security.Provider;
import org.jspecify.annotations.Nullable;

/**
 * AES-XTS (IEEE 1619) over whole sectors: each block alone, between two additions of a tweak. By
 * {@link NativeAes} once that is ready, if it can do the key; else by the JDK in batches.
 */
public final class AesXts implements SectorCipher {
  private final HeapKey dataKey;
  private final HeapKey tweakKey;
  private final SectorIv iv;
  private final int sectorSize;
  private final @Nullable HeapKey nativeKey;
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
    this.nativeKey = key.length == NativeXts.KEY_SIZE ? HeapKey.lending("AES", key) : null;
  }

  @Override
  public int sectorSize() {
    return sectorSize;
  }

  @Override
  public XtsWorker borrow() {
    XtsWorker worker = pool.take();
    // a worker from before the engine came is simply dropped
    return worker.direct == null && provider() != null ? new XtsWorker() : worker;
  }

  private @Nullable NativeXts nativeWay() {
    Provider provider = provider();
    return provider == null || nativeKey == null ? null : new NativeXts(provider, nativeKey, iv);
  }

  private @Nullable Provider provider() {
    return nativeKey == null ? null : NativeAes.xtsIfReady();
  }

  @Override
  public void close() {
    pool.close();
    dataKey.destroy();
    tweakKey.destroy();
    if (nativeKey != null) {
      nativeKey.destroy();
    }
  }

  /** Cipher objects of one key. */
  public final class XtsWorker implements Worker {
    private final @Nullable NativeXts direct = nativeWay();
    private @Nullable BatchedXts batched;

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
      if (direct == null) {
        batched().decrypt(unit, ciphertext, ciphertextOffset, length, plaintext, plaintextOffset);
        return;
      }
      for (int done = 0; done < length; done += sectorSize) {
        direct.decrypt(
            unit + done / UNIT,
            ciphertext,
            ciphertextOffset + done,
            sectorSize,
            plaintext,
            plaintextOffset + done);
      }
    }

    /** Encrypts whole sectors, by the JDK; the rest as in {@link Worker#decrypt}. */
    public void encrypt(
        long unit,
        byte[] plaintext,
        int plaintextOffset,
        int length,
        byte[] ciphertext,
        int ciphertextOffset) {
      requireSectors(length);
      batched().encrypt(unit, plaintext, plaintextOffset, length, ciphertext, ciphertextOffset);
    }

    private void requireSectors(int length) {
      if (length % sectorSize != 0) {
        throw new UnsupportedParameterException(length + " bytes are not whole sectors");
      }
    }

    private BatchedXts batched() {
      BatchedXts made = batched;
      if (made == null) {
        made = new BatchedXts(dataKey, tweakKey, iv, sectorSize);
        batched = made;
      }
      return made;
    }

    @Override
    public void close() {
      pool.give(this);
    }
  }
}
