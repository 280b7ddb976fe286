package io.unsealfs.daemon.bench;

import io.unsealfs.crypto.SectorCipher;

/** Sectors of a disk. Any bytes will do: nothing in them shows whether they are right. */
final class SectorBatch implements Batch {
  /** What a reader decrypts at a time. */
  private static final int RUN_BYTES = 4096;

  private final SectorCipher cipher;
  private final byte[] ciphertext;
  private final byte[] plaintext = new byte[RUN_BYTES];

  /** So many bytes; the cipher is taken over. */
  SectorBatch(SectorCipher cipher, int bytes) {
    this.cipher = cipher;
    this.ciphertext = new byte[bytes];
  }

  @Override
  public void decrypt() {
    try (SectorCipher.Worker worker = cipher.borrow()) {
      for (int at = 0; at < ciphertext.length; at += RUN_BYTES) {
        worker.decrypt(at / SectorCipher.UNIT, ciphertext, at, RUN_BYTES, plaintext, 0);
      }
    }
  }

  @Override
  public void close() {
    cipher.close();
  }
}
