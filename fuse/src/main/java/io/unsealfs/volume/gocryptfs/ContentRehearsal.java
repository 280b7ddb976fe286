package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.BlockCipher;
import io.unsealfs.block.IntegrityException;
import io.unsealfs.volume.Rehearsal;
import java.security.SecureRandom;
import java.util.Arrays;

/** Blocks of 4 KiB under the usual content cipher, AES-256-GCM. */
public final class ContentRehearsal implements Rehearsal {
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

  @Override
  public int size() {
    return plaintext.length;
  }

  @Override
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

  @Override
  public void close() {
    cipher.close();
  }
}
