package io.unsealfs.volume.luks;

import io.unsealfs.block.BlockCipher;
import io.unsealfs.block.IntegrityException;
import io.unsealfs.crypto.AesXts;
import io.unsealfs.crypto.SectorCipher;
import io.unsealfs.crypto.SectorIv;
import io.unsealfs.volume.Rehearsal;
import java.security.SecureRandom;
import java.util.Arrays;

/** Sectors of the usual size under the usual cipher, {@code aes-xts-plain64} of 512 bits. */
public final class SectorRehearsal implements Rehearsal {
  private static final int BLOCKS = 32;
  private static final int KEY_SIZE = 64;

  private final SectorCipher cipher;
  private final SectorBlocks blocks;
  // any bytes will do: without tags there is nothing that they would have to agree with
  private final byte[] ciphertext = new byte[BLOCKS * SectorBlocks.BLOCK_SIZE];
  private final byte[] plaintext = new byte[ciphertext.length];

  /** Sectors under a random key. */
  public SectorRehearsal() {
    byte[] key = new byte[KEY_SIZE];
    new SecureRandom().nextBytes(key);
    cipher = new AesXts(key, SectorIv.PLAIN64, SectorBlocks.BLOCK_SIZE);
    Arrays.fill(key, (byte) 0);
    blocks = new SectorBlocks(cipher, 0);
  }

  @Override
  public int size() {
    return plaintext.length;
  }

  @Override
  public void decryptOnce() {
    int size = SectorBlocks.BLOCK_SIZE;
    try (BlockCipher.Decryptor decryptor = blocks.borrow()) {
      for (int i = 0; i < BLOCKS; i++) {
        decryptor.decrypt(i, ciphertext, i * size, size, plaintext, i * size);
      }
    } catch (IntegrityException e) {
      throw new IllegalStateException("sectors without tags were refused", e);
    }
  }

  @Override
  public void close() {
    cipher.close();
  }
}
