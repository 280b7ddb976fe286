package io.unsealfs.crypto;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import org.jspecify.annotations.Nullable;

/**
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): HChaCha20 makes a sub-key of the key and the
 * first 16 nonce bytes, the JDK's ChaCha20-Poly1305 does the rest. Sealed: ciphertext, tag.
 */
public final class XChaCha20Poly1305 implements Aead {
  private static final int KEY_SIZE = 32;
  private static final int NONCE_SIZE = 24;
  private static final int INNER_NONCE_SIZE = 12;

  private final HeapKey key;
  private final WorkerPool<XChaChaWorker> pool = new WorkerPool<>(XChaChaWorker::new);

  /**
   * A cipher with a copy of {@code key}.
   *
   * @param nonceSize bytes of nonce; 24 is the only one supported
   * @throws UnsupportedParameterException unless the key has 32 bytes and the nonce 24
   */
  public XChaCha20Poly1305(byte[] key, int nonceSize) {
    if (key.length != KEY_SIZE || nonceSize != NONCE_SIZE) {
      throw new UnsupportedParameterException(
          "XChaCha20-Poly1305 key of "
              + key.length
              + " bytes and nonce of "
              + nonceSize
              + " bytes: 32 and 24 are supported");
    }
    this.key = new HeapKey("ChaCha20", key);
  }

  @Override
  public int nonceSize() {
    return NONCE_SIZE;
  }

  @Override
  public Worker borrow() {
    return pool.take();
  }

  @Override
  public void close() {
    pool.close();
    key.destroy();
  }

  private final class XChaChaWorker implements Worker {
    private final HChaCha20 hChaCha20 = new HChaCha20(key);
    private final byte[] subKey = new byte[KEY_SIZE];
    private final byte[] lastNonce = new byte[NONCE_SIZE];
    private @Nullable Cipher cipher;

    @Override
    public void seal(
        byte[] nonce,
        int nonceOffset,
        byte[] associatedData,
        byte[] plaintext,
        int plaintextOffset,
        int length,
        byte[] sealed,
        int sealedOffset) {
      try {
        start(Cipher.ENCRYPT_MODE, nonce, nonceOffset, associatedData)
            .doFinal(plaintext, plaintextOffset, length, sealed, sealedOffset);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("XChaCha20-Poly1305 failed", e);
      }
    }

    @Override
    public void open(
        byte[] nonce,
        int nonceOffset,
        byte[] associatedData,
        byte[] sealed,
        int sealedOffset,
        int length,
        byte[] plaintext,
        int plaintextOffset)
        throws AEADBadTagException {
      if (length < TAG_SIZE) {
        throw new AEADBadTagException("shorter than a tag");
      }
      try {
        start(Cipher.DECRYPT_MODE, nonce, nonceOffset, associatedData)
            .doFinal(sealed, sealedOffset, length, plaintext, plaintextOffset);
      } catch (AEADBadTagException e) {
        throw e;
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("XChaCha20-Poly1305 failed", e);
      }
    }

    private Cipher start(int mode, byte[] nonce, int nonceOffset, byte[] associatedData)
        throws GeneralSecurityException {
      Cipher ready = cipher;
      // The JDK refuses to start twice in a row with one key and nonce, also for decryption, which
      // reading a block again does: only a new object forgets the old nonce.
      if (ready == null
          || Arrays.equals(
              nonce, nonceOffset, nonceOffset + NONCE_SIZE, lastNonce, 0, NONCE_SIZE)) {
        ready = Aes.cipher("ChaCha20-Poly1305");
        cipher = ready;
      }
      System.arraycopy(nonce, nonceOffset, lastNonce, 0, NONCE_SIZE);
      byte[] inner = new byte[INNER_NONCE_SIZE];
      System.arraycopy(nonce, nonceOffset + 16, inner, 4, 8);
      hChaCha20.derive(nonce, nonceOffset, subKey);
      HeapKey derived = new HeapKey("ChaCha20", subKey);
      try {
        ready.init(mode, derived, new IvParameterSpec(inner));
      } finally {
        derived.destroy();
        Arrays.fill(subKey, (byte) 0);
      }
      ready.updateAAD(associatedData);
      return ready;
    }

    @Override
    public void close() {
      pool.give(this);
    }
  }
}
