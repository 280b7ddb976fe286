package io.unsealfs.volume.luks;

import io.unsealfs.block.BlockCipher;
import io.unsealfs.block.BlockLayout;
import io.unsealfs.crypto.SectorCipher;

/**
 * The sectors of an image in blocks of 4096 bytes, which is what file systems and the kernel ask
 * for; sectors of 512 bytes would only be more calls. There are no tags: every block is taken.
 */
final class SectorBlocks implements BlockCipher {
  static final int BLOCK_SIZE = 4096;

  private static final BlockLayout LAYOUT = new BlockLayout(0, BLOCK_SIZE, 0);
  private static final int UNITS_PER_BLOCK = BLOCK_SIZE / SectorCipher.UNIT;

  private final SectorCipher cipher;
  private final long firstUnit;

  /**
   * Blocks of the sectors from unit {@code firstUnit}.
   *
   * @param firstUnit unsigned
   */
  SectorBlocks(SectorCipher cipher, long firstUnit) {
    this.cipher = cipher;
    this.firstUnit = firstUnit;
  }

  @Override
  public BlockLayout layout() {
    return LAYOUT;
  }

  @Override
  public Decryptor borrow() {
    return new SectorDecryptor(cipher.borrow());
  }

  private final class SectorDecryptor implements Decryptor {
    private final SectorCipher.Worker worker;

    SectorDecryptor(SectorCipher.Worker worker) {
      this.worker = worker;
    }

    @Override
    public void decrypt(
        long blockIndex,
        byte[] ciphertext,
        int ciphertextOffset,
        int length,
        byte[] plaintext,
        int plaintextOffset) {
      long unit = firstUnit + blockIndex * UNITS_PER_BLOCK;
      worker.decrypt(unit, ciphertext, ciphertextOffset, length, plaintext, plaintextOffset);
    }

    @Override
    public void close() {
      worker.close();
    }
  }
}
