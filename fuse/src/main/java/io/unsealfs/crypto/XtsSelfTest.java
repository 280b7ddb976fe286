package io.unsealfs.crypto;

import java.security.GeneralSecurityException;
import java.security.Provider;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;

/**
 * What a provider's AES-256-XTS has to show before it is given data: vector 10 of IEEE 1619, and a
 * sector of the largest size, each both ways.
 */
final class XtsSelfTest {
  private static final byte[] KEY =
      HexFormat.of()
          .parseHex(
              "2718281828459045235360287471352662497757247093699959574966967627"
                  + "3141592653589793238462643383279502884197169399375105820974944592");

  private XtsSelfTest() {}

  /** Whether it computes what it should. */
  static boolean passes(Provider provider) {
    try {
      return passes(NativeXts.cipher(provider));
    } catch (GeneralSecurityException | RuntimeException e) {
      return false;
    }
  }

  /** As {@link #passes(Provider)}, of one cipher object. */
  static boolean passes(Cipher cipher) {
    HeapKey key = HeapKey.lending("AES", KEY);
    try {
      return isRight(cipher, key, 0xff, pattern(512, 1), 0xff9e4679)
          && isRight(cipher, key, 0x0123_4567_89ab_cdefL, pattern(4096, 31), 0x910b43b2);
    } catch (GeneralSecurityException | RuntimeException e) {
      return false;
    } finally {
      key.destroy();
    }
  }

  private static byte[] pattern(int size, int step) {
    byte[] plaintext = new byte[size];
    for (int i = 0; i < size; i++) {
      plaintext[i] = (byte) (i * step);
    }
    return plaintext;
  }

  /**
   * Encrypts and decrypts a sector.
   *
   * @param crc32 of the right ciphertext: against errors it says as much as all of its bytes
   */
  private static boolean isRight(Cipher cipher, HeapKey key, long unit, byte[] plaintext, int crc32)
      throws GeneralSecurityException {
    byte[] tweak = new byte[Aes.BLOCK];
    SectorIv.PLAIN64.write(unit, tweak, 0);
    byte[] ciphertext = new byte[plaintext.length];
    cipher.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(tweak));
    cipher.doFinal(plaintext, 0, plaintext.length, ciphertext, 0);
    CRC32 sum = new CRC32();
    sum.update(ciphertext);
    byte[] again = new byte[plaintext.length];
    cipher.init(Cipher.DECRYPT_MODE, key, new IvParameterSpec(tweak));
    cipher.doFinal(ciphertext, 0, ciphertext.length, again, 0);
    return (int) sum.getValue() == crc32 && Arrays.equals(plaintext, again);
  }
}
