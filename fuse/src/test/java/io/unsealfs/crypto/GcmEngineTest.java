package io.unsealfs.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.AlgorithmParameters;
import java.security.Key;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.Security;
import java.security.spec.AlgorithmParameterSpec;
import java.util.List;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.CipherSpi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GcmEngineTest {

  private static GcmEngine jdk() {
    return new GcmEngine(Security.getProvider("SunJCE"));
  }

  private static GcmEngine missing() {
    return new GcmEngine(new Named());
  }

  @Test
  void aMissingEngineIsPassedOver() {
    GcmEngine present = jdk();
    assertSame(present, GcmEngine.choose(List.of(missing(), present)));
  }

  @Test
  void withoutAnyEngineThereIsNoCipher() {
    assertThrows(IllegalStateException.class, () -> GcmEngine.choose(List.of(missing())));
  }

  @Test
  void theNativeEngineTakesOverFromTheJdksInTheMiddleOfAFile() throws Exception {
    byte[] key = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    byte[] nonce = new byte[16];
    nonce[3] = 9;
    byte[] plaintext = new byte[4096];
    plaintext[17] = 5;
    byte[] sealed = new byte[plaintext.length + Aead.TAG_SIZE];
    try (AesGcm cipher = new AesGcm(key, nonce.length)) {
      try (Aead.Worker before = cipher.borrow()) {
        before.seal(nonce, 0, new byte[24], plaintext, 0, plaintext.length, sealed, 0);
      }
      NativeAes.prepare();
      assertTrue(NativeAes.await(60_000), "there is a build for this machine");
      assertEquals(
          "AmazonCorrettoCryptoProvider", GcmEngine.current().newCipher().getProvider().getName());
      try (Aead.Worker after = cipher.borrow()) {
        byte[] opened = new byte[plaintext.length];
        after.open(nonce, 0, new byte[24], sealed, 0, sealed.length, opened, 0);
        assertArrayEquals(plaintext, opened);
        sealed[4000] ^= 1;
        assertThrows(
            AEADBadTagException.class,
            () -> after.open(nonce, 0, new byte[24], sealed, 0, sealed.length, opened, 0));
        sealed[4000] ^= 1;
        after.open(nonce, 0, new byte[24], sealed, 0, sealed.length, opened, 0);
        assertArrayEquals(plaintext, opened, "and goes on after it");
      }
    }
  }

  @Test
  void anHonestEnginePasses() throws Exception {
    assertTrue(GcmSelfTest.passes(new Broken(Fault.NONE), new Broken(Fault.NONE)));
  }

  @ParameterizedTest
  @EnumSource(value = Fault.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void aBrokenEngineIsRefused(Fault fault) throws Exception {
    assertFalse(GcmSelfTest.passes(new Broken(fault), new Broken(fault)));
  }

  enum Fault {
    NONE,
    /** One bit of the ciphertext is wrong. */
    WRONG_CIPHERTEXT,
    /** One bit of the plaintext is wrong, of long inputs only. */
    WRONG_LONG_PLAINTEXT,
    /** Tags are not looked at. */
    BELIEVES_ALL,
    /** Throws what no cipher should. */
    THROWS
  }

  /** The JDK's cipher with a fault; no provider, since only signed ones are let in by some JDKs. */
  private static final class Broken extends Cipher {
    Broken(Fault fault) throws Exception {
      super(new BrokenSpi(fault), new Named(), "AES/GCM/NoPadding");
    }
  }

  private static final class Named extends Provider {
    private static final long serialVersionUID = 1;

    Named() {
      super("broken", "1", "for tests");
    }
  }

  private static final class BrokenSpi extends CipherSpi {
    private final Fault fault;
    private final Cipher real = Cipher.getInstance("AES/GCM/NoPadding", "SunJCE");
    private int mode;

    BrokenSpi(Fault fault) throws Exception {
      this.fault = fault;
    }

    @Override
    protected void engineInit(
        int opmode, Key key, AlgorithmParameterSpec parameters, SecureRandom random) {
      mode = opmode;
      try {
        real.init(opmode, key, parameters);
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    protected void engineUpdateAAD(byte[] source, int offset, int length) {
      real.updateAAD(source, offset, length);
    }

    @Override
    protected byte[] engineDoFinal(byte[] input, int offset, int length)
        throws AEADBadTagException {
      try {
        byte[] output = real.doFinal(input, offset, length);
        if ((fault == Fault.WRONG_CIPHERTEXT && mode == Cipher.ENCRYPT_MODE)
            || (fault == Fault.WRONG_LONG_PLAINTEXT
                && mode == Cipher.DECRYPT_MODE
                && length > 1024)) {
          output[0] ^= 1;
        }
        if (fault == Fault.THROWS) {
          throw new UnsupportedOperationException("broken");
        }
        return output;
      } catch (AEADBadTagException e) {
        if (fault == Fault.BELIEVES_ALL) {
          return new byte[length - 16];
        }
        throw e;
      } catch (java.security.GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    protected int engineDoFinal(byte[] input, int offset, int length, byte[] output, int at) {
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
      return inputLength + 16;
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
