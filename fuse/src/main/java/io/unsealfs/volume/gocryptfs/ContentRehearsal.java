package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.BlockCipher;
import io.unsealfs.block.IntegrityException;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * Decryption of invented blocks with a throwaway key, through the very code that will decrypt the
 * volume's: the compiler learns from it before the first reader comes. One thread at a time.
 */
public final class ContentRehearsal implements AutoCloseable {
  private static final int BLOCKS = 32;

  private final ContentCipher cipher;
  private final FileHeader header = new FileHeader(1, 1);
  private final byte[] ciphertext;
  private final byte[] plaintext;

  /** Blocks of the format's usual content cipher, under a random key. */
  public ContentRehearsal() {
    SecureRandom random = new SecureRandom();
    ContentAlgorithm algorithm = ContentAlgorithm.AES_256_GCM;
    byte[] key = new byte[algorithm.keySize];
    random.nextBytes(key);
    cipher = new ContentCipher(algorithm, key);
    Arrays.fill(key, (byte) 0);
    ciphertext = new byte[BLOCKS * cipher.layout().ciphertextBlockSize()];
    plaintext = new byte[BLOCKS * cipher.layout().plaintextBlockSize()];
    byte[] nonce = new byte[algorithm.nonceSize];
    try (ContentCipher.Encryptor encryptor = cipher.encryptor(header)) {
      for (int i = 0; i < BLOCKS; i++) {
        random.nextBytes(nonce);
        encryptor.encrypt(
            i,
            nonce,
            plaintext,
            0,
            cipher.layout().plaintextBlockSize(),
            ciphertext,
            i * cipher.layout().ciphertextBlockSize());
      }
    }
  }

  /** Plaintext bytes of one {@link #decryptOnce}. */
  public int size() {
    return plaintext.length;
  }

  /** Decrypts all blocks once. */
  public void decryptOnce() {
    int stored = cipher.layout().ciphertextBlockSize();
    int plain = cipher.layout().plaintextBlockSize();
    try (BlockCipher.Decryptor decryptor = cipher.forFile(header).borrow()) {
      for (int i = 0; i < BLOCKS; i++) {
        decryptor.decrypt(i, ciphertext, i * stored, stored, plaintext, i * plain);
      }
    } catch (IntegrityException e) {
      throw new IllegalStateException("AES-GCM does not open what it sealed", e);
    }
  }

  /** Drops the key. */
  @Override
  public void close() {
    cipher.close();
  }
}
