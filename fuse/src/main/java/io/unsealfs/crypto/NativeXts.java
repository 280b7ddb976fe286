package io.unsealfs.crypto;

import java.security.GeneralSecurityException;
import java.security.Provider;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;

/** AES-256-XTS of a provider that has it, sector by sector. One thread at a time. */
final class NativeXts {
  /** Bytes of the only keys there are: data key, then tweak key. */
  static final int KEY_SIZE = 64;

  private static final String TRANSFORMATION = "AES/XTS/NoPadding";

  private final Cipher cipher;
  private final HeapKey key;
  private final SectorIv iv;
  private final Tweak tweak = new Tweak(new byte[Aes.BLOCK]);

  /** Decrypts under {@code key}, which stays the caller's, by a provider that passed its test. */
  NativeXts(Provider provider, HeapKey key, SectorIv iv) {
    try {
      this.cipher = cipher(provider);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(provider.getName() + " has no " + TRANSFORMATION, e);
    }
    this.key = key;
    this.iv = iv;
  }

  /** A cipher object, not initialised. */
  static Cipher cipher(Provider provider) throws GeneralSecurityException {
    return Cipher.getInstance(TRANSFORMATION, provider);
  }

  /**
   * Decrypts one sector; the rest as in {@link SectorCipher.Worker#decrypt}.
   *
   * @throws IllegalStateException if the key was destroyed
   */
  void decrypt(
      long unit,
      byte[] ciphertext,
      int ciphertextOffset,
      int length,
      byte[] plaintext,
      int plaintextOffset) {
    try {
      iv.write(unit, tweak.bytes, 0);
      cipher.init(Cipher.DECRYPT_MODE, key, tweak);
      int done = cipher.doFinal(ciphertext, ciphertextOffset, length, plaintext, plaintextOffset);
      if (done != length) {
        throw new IllegalStateException("AES-XTS kept back " + (length - done) + " bytes");
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-XTS failed", e);
    }
    if (key.isDestroyed()) {
      throw new IllegalStateException("the key was destroyed");
    }
  }

  /** A sector's number without a copy for every sector: the provider takes its own. */
  private static final class Tweak extends IvParameterSpec {
    private final byte[] bytes;

    Tweak(byte[] bytes) {
      super(bytes);
      this.bytes = bytes;
    }

    @Override
    public byte[] getIV() {
      return bytes;
    }
  }
}
