package io.unsealfs.crypto;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;

/**
 * AES-SIV (RFC 5297) composed of the JDK's AES. The vector of associated data is (associated data,
 * nonce), in that order, or the associated data alone when the nonce has no bytes. Sealed:
 * synthetic IV, ciphertext.
 */
public final class AesSiv implements Aead {
  private final HeapKey macKey;
  private final HeapKey counterKey;
  private final int nonceSize;
  private final WorkerPool<SivWorker> pool = new WorkerPool<>(SivWorker::new);

  /**
   * A cipher with a copy of {@code key}, whose first half authenticates and second half encrypts.
   *
   * @param nonceSize bytes of nonce; 0 for the deterministic form
   * @throws UnsupportedParameterException unless the key has 32, 48 or 64 bytes
   */
  public AesSiv(byte[] key, int nonceSize) {
    if (key.length != 32 && key.length != 48 && key.length != 64) {
      throw new UnsupportedParameterException(
          "AES-SIV key of " + key.length + " bytes: 32, 48 or 64 are supported");
    }
    if (nonceSize < 0 || nonceSize > 1024) {
      throw new UnsupportedParameterException(
          "AES-SIV nonce of " + nonceSize + " bytes: 0 to 1024 are supported");
    }
    int half = key.length / 2;
    this.macKey = new HeapKey("AES", key, 0, half);
    this.counterKey = new HeapKey("AES", key, half, half);
    this.nonceSize = nonceSize;
  }

  @Override
  public int nonceSize() {
    return nonceSize;
  }

  @Override
  public Worker borrow() {
    return pool.take();
  }

  @Override
  public void close() {
    pool.close();
    macKey.destroy();
    counterKey.destroy();
  }

  private final class SivWorker implements Worker {
    private final AesCmac cmac = new AesCmac(macKey);
    private final Cipher counter = Aes.cipher("AES/CTR/NoPadding");
    private final byte[] macOfZero = new byte[Aes.BLOCK];
    private final byte[] digest = new byte[Aes.BLOCK];
    private final byte[] part = new byte[Aes.BLOCK];
    private final byte[] siv = new byte[Aes.BLOCK];
    private final byte[] shortText = new byte[Aes.BLOCK];

    SivWorker() {
      cmac.mac(new byte[Aes.BLOCK], 0, Aes.BLOCK, macOfZero);
    }

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
      syntheticIv(nonce, nonceOffset, associatedData, plaintext, plaintextOffset, length, siv);
      encryptOrDecrypt(plaintext, plaintextOffset, length, sealed, sealedOffset + TAG_SIZE);
      System.arraycopy(siv, 0, sealed, sealedOffset, TAG_SIZE);
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
      int size = length - TAG_SIZE;
      if (size < 0) {
        throw new AEADBadTagException("shorter than a synthetic IV");
      }
      System.arraycopy(sealed, sealedOffset, siv, 0, TAG_SIZE);
      encryptOrDecrypt(sealed, sealedOffset + TAG_SIZE, size, plaintext, plaintextOffset);
      byte[] expected = part;
      syntheticIv(nonce, nonceOffset, associatedData, plaintext, plaintextOffset, size, expected);
      if (!MessageDigest.isEqual(expected, siv)) {
        Arrays.fill(plaintext, plaintextOffset, plaintextOffset + size, (byte) 0);
        throw new AEADBadTagException("synthetic IV mismatch");
      }
    }

    /** S2V of RFC 5297 section 2.4. */
    private void syntheticIv(
        byte[] nonce,
        int nonceOffset,
        byte[] associatedData,
        byte[] text,
        int offset,
        int length,
        byte[] out) {
      System.arraycopy(macOfZero, 0, digest, 0, Aes.BLOCK);
      absorb(associatedData, 0, associatedData.length);
      if (nonceSize > 0) {
        absorb(nonce, nonceOffset, nonceSize);
      }
      if (length >= Aes.BLOCK) {
        cmac.macXorEnd(text, offset, length, digest, out);
      } else {
        Aes.doubleBigEndian(digest);
        Arrays.fill(shortText, (byte) 0);
        System.arraycopy(text, offset, shortText, 0, length);
        shortText[length] = (byte) 0x80;
        Aes.xorBlock(shortText, 0, digest, 0);
        cmac.mac(shortText, 0, Aes.BLOCK, out);
      }
    }

    private void absorb(byte[] data, int offset, int length) {
      Aes.doubleBigEndian(digest);
      cmac.mac(data, offset, length, part);
      Aes.xorBlock(digest, 0, part, 0);
    }

    private void encryptOrDecrypt(byte[] in, int inOffset, int length, byte[] out, int outOffset) {
      byte[] start = siv.clone();
      start[8] &= 0x7f;
      start[12] &= 0x7f;
      try {
        counter.init(Cipher.ENCRYPT_MODE, counterKey, new IvParameterSpec(start));
        counter.doFinal(in, inOffset, length, out, outOffset);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("AES-CTR failed", e);
      }
    }

    @Override
    public void close() {
      pool.give(this);
    }
  }
}
