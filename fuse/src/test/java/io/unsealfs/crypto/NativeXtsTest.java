package io.unsealfs.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.Security;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.CipherSpi;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class NativeXtsTest {

  @BeforeAll
  static void load() throws Exception {
    NativeAes.prepare();
    assertTrue(NativeAes.await(60_000), "there is a build for this machine");
  }

  private static Provider provider() {
    return Objects.requireNonNull(NativeAes.xtsIfReady(), "it passes its self-test");
  }

  @Test
  void it_decrypts_vector_10_of_the_standard() {
    HeapKey key =
        HeapKey.lending(
            "AES",
            HexFormat.of()
                .parseHex(
                    "2718281828459045235360287471352662497757247093699959574966967627"
                        + "3141592653589793238462643383279502884197169399375105820974944592"));
    byte[] ciphertext = new byte[512];
    byte[] begin =
        HexFormat.of().parseHex("1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b");
    System.arraycopy(begin, 0, ciphertext, 0, begin.length);
    byte[] plaintext = new byte[512];
    new NativeXts(provider(), key, SectorIv.PLAIN64).decrypt(255, ciphertext, 0, 512, plaintext, 0);
    for (int i = 0; i < begin.length; i++) {
      assertEquals(i, plaintext[i]);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "PLAIN64, 512, 0", "PLAIN, 512, 4294967290", "PLAIN64, 512, 4294967290", "PLAIN64, 1024, -4",
    "PLAIN, 2048, 4294967288", "PLAIN64, 2048, 12", "PLAIN64, 4096, 8", "PLAIN64, 4096, -16"
  })
  void it_agrees_with_the_jdks_way_at_every_offset(SectorIv iv, int sectorSize, long first) {
    Random random = new Random(sectorSize + first);
    byte[] key = new byte[64];
    byte[] ciphertext = new byte[4 * sectorSize + 40];
    for (int round = 0; round < 40; round++) {
      random.nextBytes(key);
      random.nextBytes(ciphertext);
      int from = random.nextInt(33);
      int to = random.nextInt(33);
      byte[] expected = new byte[ciphertext.length];
      byte[] plaintext = new byte[ciphertext.length];
      BatchedXts jdk =
          new BatchedXts(
              new HeapKey("AES", key, 0, 32), new HeapKey("AES", key, 32, 32), iv, sectorSize);
      NativeXts direct = new NativeXts(provider(), HeapKey.lending("AES", key), iv);
      jdk.decrypt(first, ciphertext, from, 4 * sectorSize, expected, to);
      for (int i = 0; i < 4; i++) {
        direct.decrypt(
            first + (long) i * (sectorSize / 512),
            ciphertext,
            from + i * sectorSize,
            sectorSize,
            plaintext,
            to + i * sectorSize);
      }
      assertArrayEquals(expected, plaintext);
    }
  }

  @ParameterizedTest
  @CsvSource({"32, 512", "32, 4096", "64, 512", "64, 1024", "64, 2048", "64, 4096"})
  void whoever_computes_a_cipher_gives_back_what_it_encrypted(int keySize, int sectorSize) {
    Random random = new Random(3);
    byte[] key = new byte[keySize];
    random.nextBytes(key);
    byte[] plaintext = new byte[5 * 8192 + sectorSize];
    random.nextBytes(plaintext);
    byte[] ciphertext = new byte[plaintext.length + 1];
    byte[] again = new byte[plaintext.length + 2];
    try (AesXts xts = new AesXts(key, SectorIv.PLAIN64, sectorSize);
        AesXts.XtsWorker worker = xts.borrow()) {
      worker.encrypt(-8, plaintext, 0, plaintext.length, ciphertext, 1);
      worker.decrypt(-8, ciphertext, 1, plaintext.length, again, 2);
    }
    assertArrayEquals(plaintext, Arrays.copyOfRange(again, 2, again.length));
  }

  @Test
  void under_a_destroyed_key_nothing_is_decrypted() {
    byte[] key = new byte[64];
    key[0] = 1;
    AesXts xts = new AesXts(key, SectorIv.PLAIN64, 4096);
    try (AesXts.XtsWorker worker = xts.borrow()) {
      worker.decrypt(0, new byte[4096], 0, 4096, new byte[4096], 0);
      xts.close();
      assertThrows(
          IllegalStateException.class,
          () -> worker.decrypt(0, new byte[4096], 0, 4096, new byte[4096], 0));
    }
  }

  @Test
  void a_provider_without_xts_is_refused() {
    assertFalse(XtsSelfTest.passes(Objects.requireNonNull(Security.getProvider("SunJCE"))));
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void only_who_computes_both_sizes_right_passes(Fault fault) throws Exception {
    Cipher cipher = new Wrapped(new WrappedSpi(fault));
    assertEquals(fault == Fault.NONE, XtsSelfTest.passes(cipher));
  }

  enum Fault {
    NONE,
    /** One bit is wrong, both ways. */
    WRONG_BIT,
    /** Long sectors come back as they should, and look otherwise than they should. */
    WRONG_LONG_CIPHERTEXT,
    /** One bit of the plaintext is wrong, of long sectors only. */
    WRONG_LONG_PLAINTEXT,
    /** Throws what no cipher should. */
    THROWS
  }

  private static final class Wrapped extends Cipher {
    Wrapped(CipherSpi spi) {
      super(spi, provider(), "AES/XTS/NoPadding");
    }
  }

  private static final class WrappedSpi extends CipherSpi {
    private final Fault fault;
    private final Cipher real = NativeXts.cipher(provider());
    private int mode;

    WrappedSpi(Fault fault) throws GeneralSecurityException {
      this.fault = fault;
    }

    @Override
    protected void engineInit(
        int opmode, Key key, AlgorithmParameterSpec parameters, SecureRandom random) {
      mode = opmode;
      try {
        real.init(opmode, key, parameters);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    protected int engineDoFinal(byte[] input, int offset, int length, byte[] output, int at) {
      byte[] changed = Arrays.copyOfRange(input, offset, offset + length);
      boolean encrypts = mode == Cipher.ENCRYPT_MODE;
      boolean isLong = length > 512;
      if (fault == Fault.THROWS) {
        throw new UnsupportedOperationException("broken");
      }
      if (fault == Fault.WRONG_LONG_CIPHERTEXT && isLong && !encrypts) {
        changed[length - 1] ^= 1;
      }
      try {
        int done = real.doFinal(changed, 0, length, output, at);
        if (fault == Fault.WRONG_BIT
            || (isLong && fault == Fault.WRONG_LONG_CIPHERTEXT && encrypts)
            || (isLong && fault == Fault.WRONG_LONG_PLAINTEXT && !encrypts)) {
          output[at + length - 1] ^= 1;
        }
        return done;
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    protected byte[] engineDoFinal(byte[] input, int offset, int length) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected void engineSetMode(String name) throws NoSuchAlgorithmException {
      throw new NoSuchAlgorithmException(name);
    }

    @Override
    protected void engineSetPadding(String padding) {}

    @Override
    protected int engineGetBlockSize() {
      return 16;
    }

    @Override
    protected int engineGetOutputSize(int inputLength) {
      return inputLength;
    }

    @Override
    protected byte[] engineGetIV() {
      return real.getIV();
    }

    @Override
    protected AlgorithmParameters engineGetParameters() {
      return real.getParameters();
    }

    @Override
    protected void engineInit(int opmode, Key key, SecureRandom random) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected void engineInit(
        int opmode, Key key, AlgorithmParameters parameters, SecureRandom random) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected byte[] engineUpdate(byte[] input, int offset, int length) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected int engineUpdate(byte[] input, int offset, int length, byte[] output, int at) {
      throw new UnsupportedOperationException();
    }
  }
}
