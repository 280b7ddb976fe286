package io.unsealfs.volume.luks;

import io.unsealfs.crypto.AesXts;
import io.unsealfs.crypto.SectorCipher;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.local.CopyListener;
import io.unsealfs.storage.local.StagedFile;
import io.unsealfs.storage.local.StopSwitch;
import io.unsealfs.volume.VolumeKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * Writes a disk image as a new LUKS2 image: aes-xts-plain64 with a key of 512 bits, sectors of 4096
 * bytes, one key slot, all of which cryptsetup opens. Every sector is encrypted, those full of
 * zeros too: a hole would say where nothing is, and would read as noise.
 *
 * <p>A passphrase opens a random volume key. A {@link VolumeKey.RawKey} of 64 bytes becomes the
 * volume key itself, and no slot is made.
 */
public final class LuksWriter {
  /** Bytes of a sector, of which a disk image has to have a whole number. */
  public static final int SECTOR_SIZE = 4096;

  private static final int CHUNK = 1 << 20;

  /**
   * How passphrases are stretched.
   *
   * @param argon2 whether by Argon2id, or by PBKDF2-HMAC-SHA-256
   * @param passes of Argon2id, 4 to 1000
   * @param memoryKib of Argon2id, 32 KiB to 4 GiB
   * @param lanes of Argon2id, 1 to 4
   * @param iterations of PBKDF2, 1000 and more
   */
  public record Stretching(boolean argon2, int passes, int memoryKib, int lanes, int iterations) {
    /** The cost that cryptsetup takes where it has the time: 1 GiB of memory, four times. */
    public static final Stretching DEFAULT = new Stretching(true, 4, 1 << 20, 4, 2_000_000);

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if one is left
     */
    public Stretching {
      boolean good =
          passes >= 4
              && passes <= 1000
              && memoryKib >= 32
              && memoryKib <= 4 << 20
              && lanes >= 1
              && lanes <= 4
              && memoryKib >= 8 * lanes
              && iterations >= 1000;
      if (!good) {
        throw new IllegalArgumentException("cost of a key slot out of range");
      }
    }
  }

  private final Stretching stretching;
  private final CopyListener listener;
  private final StopSwitch stop;

  /**
   * A writer.
   *
   * @param stop ends the work early; then nothing is left behind
   */
  public LuksWriter(Stretching stretching, CopyListener listener, StopSwitch stop) {
    this.stretching = stretching;
    this.listener = listener;
    this.stop = stop;
  }

  /**
   * Writes header and data to {@code target}, which the caller publishes.
   *
   * @param image a whole number of sectors; stays open
   * @throws io.unsealfs.volume.WrongKeyException if the key is empty or no volume key
   * @throws io.unsealfs.volume.VolumeFormatException if the memory for Argon2 is not there
   * @throws io.unsealfs.storage.StorageException if it cannot be written
   * @throws java.io.InterruptedIOException if it was stopped
   */
  public void write(Source image, VolumeKey key, StagedFile target) throws IOException {
    if (image.size() == 0 || image.size() % SECTOR_SIZE != 0) {
      throw new IllegalArgumentException("not whole sectors: " + image.size() + " bytes");
    }
    SecureRandom random = new SecureRandom();
    try (NewHeader header = NewHeader.create(key, stretching, random)) {
      target.resize(Math.addExact(NewHeader.DATA_OFFSET, image.size()));
      ByteBuffer stored = ByteBuffer.allocateDirect(header.bytes().length);
      target.write(stored.put(header.bytes()).flip(), 0);
      writeData(image, header.dataCipher(), target);
    }
  }

  private void writeData(Source image, AesXts cipher, StagedFile target) throws IOException {
    byte[] plaintext = new byte[CHUNK];
    byte[] ciphertext = new byte[CHUNK];
    ByteBuffer stored = ByteBuffer.allocateDirect(CHUNK);
    try (AesXts.XtsWorker worker = cipher.borrow()) {
      for (long at = 0; at < image.size(); ) {
        stop.check();
        int length = (int) Math.min(CHUNK, image.size() - at);
        image.read(at, ByteBuffer.wrap(plaintext, 0, length));
        worker.encrypt(at / SectorCipher.UNIT, plaintext, 0, length, ciphertext, 0);
        stored.clear().put(ciphertext, 0, length).flip();
        target.write(stored, NewHeader.DATA_OFFSET + at);
        listener.copied(length);
        at += length;
      }
    } finally {
      Arrays.fill(plaintext, (byte) 0);
    }
  }
}
