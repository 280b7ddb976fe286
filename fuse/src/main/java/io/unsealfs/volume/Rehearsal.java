package io.unsealfs.volume;

/**
 * Decryption of invented blocks with a throwaway key, through the very code that will decrypt a
 * volume's: the compiler learns from it before the first reader comes. One thread at a time.
 */
public interface Rehearsal extends AutoCloseable {

  /** Plaintext bytes of one {@link #decryptOnce}. */
  int size();

  /** Decrypts all blocks once. */
  void decryptOnce();

  /** Drops the key. */
  @Override
  void close();
}
