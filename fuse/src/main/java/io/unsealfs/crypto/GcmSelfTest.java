package io.unsealfs.crypto;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/**
 * What an AES-GCM engine has to show before it is given data: the answer of test case 16 of the GCM
 * specification both ways, a block of the size and nonce that volumes use, and the refusal of
 * either with one bit changed.
 */
final class GcmSelfTest {
  private static final int TAG_BITS = 128;
  private static final int VOLUME_BLOCK = 4096;

  private static final byte[] KEY =
      hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  private static final byte[] NONCE = hex("cafebabefacedbaddecaf888");
  private static final byte[] DATA = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  private static final byte[] PLAINTEXT =
      hex(
          "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
              + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  private static final byte[] SEALED =
      hex(
          "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
              + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
              + "76fc6ece0f4e1768cddf8853bb2d551b");

  private GcmSelfTest() {}

  /**
   * Whether an engine computes what it should, and refuses what it should. Two cipher objects of
   * it, since that of Amazon Corretto Crypto Provider 2.5.0 takes authentic data for damaged once
   * it has met nonces of two lengths; an {@link AesGcm} has only one.
   */
  static boolean passes(Cipher cipher, Cipher volumeCipher) {
    HeapKey key = new HeapKey("AES", KEY);
    try {
      byte[] volumeNonce = Arrays.copyOf(NONCE, 16);
      byte[] block = new byte[VOLUME_BLOCK];
      for (int i = 0; i < block.length; i++) {
        block[i] = (byte) (i * 31);
      }
      byte[] sealedBlock = run(volumeCipher, Cipher.ENCRYPT_MODE, key, volumeNonce, block);
      return Arrays.equals(SEALED, run(cipher, Cipher.ENCRYPT_MODE, key, NONCE, PLAINTEXT))
          && opensOnlyUnchanged(cipher, key, NONCE, SEALED, PLAINTEXT)
          && opensOnlyUnchanged(volumeCipher, key, volumeNonce, sealedBlock, block);
    } catch (GeneralSecurityException | RuntimeException e) {
      return false;
    } finally {
      key.destroy();
    }
  }

  private static boolean opensOnlyUnchanged(
      Cipher cipher, HeapKey key, byte[] nonce, byte[] sealed, byte[] plaintext)
      throws GeneralSecurityException {
    if (!Arrays.equals(plaintext, run(cipher, Cipher.DECRYPT_MODE, key, nonce, sealed))) {
      return false;
    }
    byte[] changed = sealed.clone();
    changed[changed.length / 2] ^= 1;
    try {
      run(cipher, Cipher.DECRYPT_MODE, key, nonce, changed);
      return false;
    } catch (AEADBadTagException e) {
      return true;
    }
  }

  private static byte[] run(Cipher cipher, int mode, HeapKey key, byte[] nonce, byte[] input)
      throws GeneralSecurityException {
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(DATA);
    return cipher.doFinal(input);
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }
}
