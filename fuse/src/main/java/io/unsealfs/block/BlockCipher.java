package io.unsealfs.block;

import io.unsealfs.storage.Source;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Decrypts the blocks of one file. Every block holds {@code layout().plaintextBlockSize()}
 * plaintext bytes, the last one may hold fewer. Implementations are immutable and thread-safe; the
 * per-call state (cipher objects) lives in a {@link Decryptor} that one thread uses at a time.
 */
public interface BlockCipher {

  /** Sizes of this file's blocks. */
  BlockLayout layout();

  /** Borrows the state to decrypt with; close gives it back. Cheap: pooled by the volume. */
  Decryptor borrow();

  /**
   * The cipher that the file's header stands for as it is read now: the one that this was made from
   * may have been a bad copy, and blocks are not authentic with it.
   *
   * @param ciphertext the stored file
   * @return null if it is this one, as it always is where files have no header
   */
  default @Nullable BlockCipher renewed(Source ciphertext) throws IOException {
    return null;
  }

  /** A cipher ready to decrypt blocks of one file; used by one thread at a time. */
  interface Decryptor extends AutoCloseable {

    /**
     * Authenticates and decrypts block {@code blockIndex}.
     *
     * @param ciphertext array that holds the stored block
     * @param length bytes of the stored block, overhead included
     * @param plaintext receives {@code length - overhead} bytes
     * @throws IntegrityException if the block is not authentic; {@code plaintext} then holds
     *     nothing of it
     */
    void decrypt(
        long blockIndex,
        byte[] ciphertext,
        int ciphertextOffset,
        int length,
        byte[] plaintext,
        int plaintextOffset)
        throws IntegrityException;

    @Override
    void close();
  }
}
