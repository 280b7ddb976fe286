package io.unsealfs.crypto;

import javax.crypto.AEADBadTagException;

/**
 * Authenticated encryption with associated data under one key. Thread-safe; the cipher objects are
 * pooled and lent as {@link Worker}s. {@link #close} wipes the key and drops the pool.
 */
public interface Aead extends AutoCloseable {

  /** Bytes a sealed message has beyond its plaintext, nonce not counted: the same for all. */
  int TAG_SIZE = 16;

  /** Bytes of a nonce. */
  int nonceSize();

  /**
   * Borrows a worker; closing it gives it back.
   *
   * @throws IllegalStateException after {@link #close}
   */
  Worker borrow();

  @Override
  void close();

  /** Cipher objects of one key; used by one thread at a time. */
  interface Worker extends AutoCloseable {

    /**
     * Encrypts {@code length} bytes into {@code length + TAG_SIZE} bytes, tag where the algorithm
     * puts it. The caller sees to it that a nonce is never used twice.
     *
     * @param nonce holds {@code nonceSize()} bytes from {@code nonceOffset}
     */
    void seal(
        byte[] nonce,
        int nonceOffset,
        byte[] associatedData,
        byte[] plaintext,
        int plaintextOffset,
        int length,
        byte[] sealed,
        int sealedOffset);

    /**
     * Authenticates and decrypts {@code length} sealed bytes into {@code length - TAG_SIZE} bytes.
     *
     * @throws AEADBadTagException if they are not authentic; {@code plaintext} then holds nothing
     *     of them
     */
    void open(
        byte[] nonce,
        int nonceOffset,
        byte[] associatedData,
        byte[] sealed,
        int sealedOffset,
        int length,
        byte[] plaintext,
        int plaintextOffset)
        throws AEADBadTagException;

    @Override
    void close();
  }
}
