package io.unsealfs.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SectorCipherTest {
  private static final BigInteger FEEDBACK = BigInteger.valueOf(0x87);

  /** IEEE 1619, vectors 4 (AES-128, unit 0) and 10 (AES-256, unit 0xff): a sector of 512 bytes. */
  @ParameterizedTest
  @CsvSource({
    "27182818284590452353602874713526, 31415926535897932384626433832795, 0,"
        + "27a7479befa1d476489f308cd4cfa6e2a96e4bbe3208ff25287dd3819616e89c",
    "2718281828459045235360287471352662497757247093699959574966967627,"
        + "3141592653589793238462643383279502884197169399375105820974944592, 255,"
        + "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b"
  })
  void xts_begins_as_the_standard_says(String data, String tweak, long unit, String begin) {
    byte[] plaintext = new byte[512];
    for (int i = 0; i < plaintext.length; i++) {
      plaintext[i] = (byte) i;
    }
    byte[] ciphertext = new byte[512];
    try (AesXts xts = new AesXts(HexFormat.of().parseHex(data + tweak), SectorIv.PLAIN64, 512);
        AesXts.XtsWorker worker = xts.borrow()) {
      worker.encrypt(unit, plaintext, 0, 512, ciphertext, 0);
      assertEquals(begin, HexFormat.of().formatHex(ciphertext, 0, begin.length() / 2));
      byte[] again = new byte[512];
      worker.decrypt(unit, ciphertext, 0, 512, again, 0);
      assertArrayEquals(plaintext, again);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "32, PLAIN64, 512, 0", "64, PLAIN64, 512, 4294967290", "64, PLAIN, 512, 4294967290",
    "64, PLAIN64, 4096, 8", "32, PLAIN, 2048, 4294967288", "64, PLAIN64, 1024, -4",
    "64, PLAIN64, 4096, -16"
  })
  void xts_agrees_with_the_definition(int keySize, SectorIv iv, int sectorSize, long unit)
      throws Exception {
    Random random = new Random(7);
    byte[] key = new byte[keySize];
    random.nextBytes(key);
    byte[] plaintext = new byte[5 * 8192 + sectorSize];
    random.nextBytes(plaintext);
    byte[] expected = new byte[plaintext.length];
    Cipher data = ecb(Cipher.ENCRYPT_MODE, Arrays.copyOf(key, keySize / 2));
    Cipher tweaks = ecb(Cipher.ENCRYPT_MODE, Arrays.copyOfRange(key, keySize / 2, keySize));
    for (int at = 0; at < plaintext.length; at += sectorSize) {
      BigInteger tweak = number(tweaks.doFinal(vector(unit + at / 512, iv)));
      for (int block = at; block < at + sectorSize; block += 16) {
        byte[] mask = bytes(tweak);
        byte[] mixed = xor(Arrays.copyOfRange(plaintext, block, block + 16), mask);
        System.arraycopy(xor(data.doFinal(mixed), mask), 0, expected, block, 16);
        tweak = tweak.shiftLeft(1);
        if (tweak.testBit(128)) {
          tweak = tweak.clearBit(128).xor(FEEDBACK);
        }
      }
    }
    byte[] ciphertext = new byte[plaintext.length + 3];
    byte[] again = new byte[plaintext.length + 5];
    try (AesXts xts = new AesXts(key, iv, sectorSize);
        AesXts.XtsWorker worker = xts.borrow()) {
      worker.encrypt(unit, plaintext, 0, plaintext.length, ciphertext, 3);
      assertArrayEquals(expected, Arrays.copyOfRange(ciphertext, 3, ciphertext.length));
      worker.decrypt(unit, ciphertext, 3, plaintext.length, again, 5);
      assertArrayEquals(plaintext, Arrays.copyOfRange(again, 5, again.length));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "16, PLAIN, 512, 4294967295", "24, PLAIN64, 512, 4294967295", "32, PLAIN64, 4096, 80",
    "32, ESSIV_SHA256, 512, 0", "32, ESSIV_SHA256, 4096, 1234567890123", "16, ESSIV_SHA256, 512, 9"
  })
  void cbc_agrees_with_the_jdk(int keySize, SectorIv iv, int sectorSize, long unit)
      throws Exception {
    Random random = new Random(8);
    byte[] key = new byte[keySize];
    random.nextBytes(key);
    byte[] plaintext = new byte[3 * 8192 + sectorSize];
    random.nextBytes(plaintext);
    byte[] ciphertext = new byte[plaintext.length];
    Cipher cbc = Cipher.getInstance("AES/CBC/NoPadding");
    for (int at = 0; at < plaintext.length; at += sectorSize) {
      byte[] vector = vector(unit + at / 512, iv);
      if (iv == SectorIv.ESSIV_SHA256) {
        byte[] ivKey = MessageDigest.getInstance("SHA-256").digest(key);
        vector = ecb(Cipher.ENCRYPT_MODE, ivKey).doFinal(vector);
      }
      cbc.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(vector));
      cbc.doFinal(plaintext, at, sectorSize, ciphertext, at);
    }
    byte[] again = new byte[plaintext.length];
    try (SectorCipher cipher = new AesCbcSectors(key, iv, sectorSize);
        SectorCipher.Worker worker = cipher.borrow()) {
      worker.decrypt(unit, ciphertext, 0, ciphertext.length, again, 0);
    }
    assertArrayEquals(plaintext, again);
  }

  @Test
  void keys_sectors_and_lengths_that_do_not_fit_are_refused() {
    for (int size : new int[] {0, 16, 24, 33, 48, 63, 65, 128}) {
      assertThrows(
          UnsupportedParameterException.class,
          () -> new AesXts(new byte[size], SectorIv.PLAIN64, 512));
    }
    for (int size : new int[] {0, 15, 33, 64}) {
      assertThrows(
          UnsupportedParameterException.class,
          () -> new AesCbcSectors(new byte[size], SectorIv.PLAIN64, 512));
    }
    for (int size : new int[] {0, 256, 513, 1536, 8192, -512}) {
      assertThrows(
          UnsupportedParameterException.class,
          () -> new AesXts(new byte[32], SectorIv.PLAIN64, size));
    }
    assertThrows(
        UnsupportedParameterException.class,
        () -> new AesXts(new byte[32], SectorIv.ESSIV_SHA256, 512));
    try (AesXts xts = new AesXts(new byte[32], SectorIv.PLAIN64, 4096);
        AesXts.XtsWorker worker = xts.borrow()) {
      byte[] some = new byte[4096];
      assertThrows(
          UnsupportedParameterException.class,
          () -> worker.decrypt(0, some, 0, 512, new byte[512], 0));
    }
  }

  private static Cipher ecb(int mode, byte[] key) throws Exception {
    Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
    cipher.init(mode, new SecretKeySpec(key, "AES"));
    return cipher;
  }

  private static byte[] vector(long unit, SectorIv iv) {
    ByteBuffer vector = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    return (iv == SectorIv.PLAIN ? vector.putInt((int) unit) : vector.putLong(unit)).array();
  }

  private static BigInteger number(byte[] littleEndian) {
    byte[] reversed = new byte[17];
    for (int i = 0; i < 16; i++) {
      reversed[16 - i] = littleEndian[i];
    }
    return new BigInteger(reversed);
  }

  private static byte[] bytes(BigInteger number) {
    byte[] bytes = new byte[16];
    for (int i = 0; i < 16; i++) {
      bytes[i] = number.shiftRight(8 * i).byteValue();
    }
    return bytes;
  }

  private static byte[] xor(byte[] a, byte[] b) {
    byte[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] ^= b[i];
    }
    return sum;
  }
}
