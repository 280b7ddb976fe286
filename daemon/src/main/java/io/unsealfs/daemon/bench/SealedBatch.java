package io.unsealfs.daemon.bench;

import io.unsealfs.crypto.Aead;
import javax.crypto.AEADBadTagException;

/** Sealed blocks; every one has a nonce of its own. */
final class SealedBatch implements Batch {
  /** Bytes of associated data that gocryptfs has with each block. */
  private static final int ASSOCIATED_BYTES = 24;

  private final Aead cipher;
  private final int stored;
  private final int blocks;
  private final byte[] nonces;
  private final byte[] sealed;
  private final byte[] associatedData = new byte[ASSOCIATED_BYTES];
  private final byte[] plaintext;

  /** So many bytes of plaintext; the cipher is taken over. */
  SealedBatch(Aead cipher, int blockBytes, int bytes) {
    this.cipher = cipher;
    this.stored = blockBytes + Aead.TAG_SIZE;
    this.blocks = bytes / blockBytes;
    this.nonces = new byte[blocks * cipher.nonceSize()];
    this.sealed = new byte[blocks * stored];
    this.plaintext = new byte[blockBytes];
    try (Aead.Worker worker = cipher.borrow()) {
      for (int i = 0; i < blocks; i++) {
        int nonce = i * cipher.nonceSize();
        nonces[nonce] = (byte) i;
        nonces[nonce + 1] = (byte) (i >> 8);
        worker.seal(nonces, nonce, associatedData, plaintext, 0, blockBytes, sealed, i * stored);
      }
    }
  }

  @Override
  public void decrypt() throws AEADBadTagException {
    try (Aead.Worker worker = cipher.borrow()) {
      for (int i = 0; i < blocks; i++) {
        worker.open(
            nonces,
            i * cipher.nonceSize(),
            associatedData,
            sealed,
            i * stored,
            stored,
            plaintext,
            0);
      }
    }
  }

  @Override
  public void close() {
    cipher.close();
  }
}
