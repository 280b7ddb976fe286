package io.unsealfs.crypto;

import java.security.GeneralSecurityException;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/**
 * AES-GCM with 128-bit tags and nonces of 12 or 16 bytes, by the engine that {@link GcmEngine}
 * chose, on heap arrays (the fastest way there is; see the measurements in docs). Sealed:
 * ciphertext, tag.
 */
public final class AesGcm implements Aead {
  private final HeapKey key;
  private final int nonceSize;
  private final WorkerPool<GcmWorker> pool = new WorkerPool<>(GcmWorker::new);

  /**
   * A cipher with a copy of {@code key}.
   *
   * @throws UnsupportedParameterException unless the key has 16, 24 or 32 bytes and the nonce 12 or
   *     16
   */
  public AesGcm(byte[] key, int nonceSize) {
    Aes.checkKeySize(key.length);
    if (nonceSize != 12 && nonceSize != 16) {
      throw new UnsupportedParameterException(
          "AES-GCM nonce of " + nonceSize + " bytes: 12 or 16 are supported");
    }
    this.key = new HeapKey("AES", key);
    this.nonceSize = nonceSize;
  }

  @Override
  public int nonceSize() {
    return nonceSize;
  }

  @Override
  public Worker borrow() {
    GcmWorker worker = pool.take();
    // a worker from before the engine changed is simply dropped
    return worker.engine == GcmEngine.current() ? worker : new GcmWorker();
  }

  @Override
  public void close() {
    pool.close();
    key.destroy();
  }

  private final class GcmWorker implements Worker {
    private final GcmEngine engine = GcmEngine.current();
    private final Cipher cipher = engine.cipher();

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
        start(Cipher.ENCRYPT_MODE, nonce, nonceOffset, associatedData);
        cipher.doFinal(plaintext, plaintextOffset, length, sealed, sealedOffset);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("AES-GCM failed", e);
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
        start(Cipher.DECRYPT_MODE, nonce, nonceOffset, associatedData);
        cipher.doFinal(sealed, sealedOffset, length, plaintext, plaintextOffset);
      } catch (AEADBadTagException e) {
        throw e;
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("AES-GCM failed", e);
      }
    }

    private void start(int mode, byte[] nonce, int nonceOffset, byte[] associatedData)
        throws GeneralSecurityException {
      cipher.init(mode, key, new GCMParameterSpec(8 * TAG_SIZE, nonce, nonceOffset, nonceSize));
      cipher.updateAAD(associatedData);
    }

    @Override
    public void close() {
      pool.give(this);
    }
  }
}
