package io.unsealfs.daemon.bench;

import javax.crypto.AEADBadTagException;

/** Ciphertext that is decrypted again and again. */
interface Batch extends AutoCloseable {
  /** Decrypts all of it once, as a reader does. */
  void decrypt() throws AEADBadTagException;

  /** Destroys the key. */
  @Override
  void close();
}
