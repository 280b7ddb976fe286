package io.unsealfs.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.vectors.Json;
import io.unsealfs.vectors.Vectors;
import java.util.Arrays;
import java.util.function.BiFunction;
import javax.crypto.AEADBadTagException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every test of every group: valid, invalid, or refused for its parameters. */
class WycheproofTest {
  private static final byte[] NOTHING = new byte[0];

  @Test
  void aes_gcm_agrees_and_refuses_other_nonce_sizes() {
    Counts counts = new Counts();
    for (Json group : groups("aes_gcm")) {
      int nonceSize = group.get("ivSize").integer() / 8;
      boolean supported = nonceSize == 12 || nonceSize == 16;
      for (Json test : group.get("tests").items()) {
        aead(AesGcm::new, nonceSize, supported, test, false, counts);
      }
    }
    counts.check(255, 61);
  }

  @Test
  void xchacha20_poly1305_agrees_and_refuses_other_nonce_sizes() {
    Counts counts = new Counts();
    for (Json group : groups("xchacha20_poly1305")) {
      int nonceSize = group.get("ivSize").integer() / 8;
      for (Json test : group.get("tests").items()) {
        aead(XChaCha20Poly1305::new, nonceSize, nonceSize == 24, test, false, counts);
      }
    }
    counts.check(306, 9);
  }

  @Test
  void aes_siv_with_a_nonce_agrees() {
    Counts counts = new Counts();
    for (Json group : groups("aead_aes_siv_cmac")) {
      int nonceSize = group.get("ivSize").integer() / 8;
      for (Json test : group.get("tests").items()) {
        aead(AesSiv::new, nonceSize, true, test, true, counts);
      }
    }
    counts.check(900, 0);
  }

  @Test
  void aes_siv_without_nonce_agrees() throws Exception {
    int checked = 0;
    for (Json group : groups("aes_siv_cmac")) {
      for (Json test : group.get("tests").items()) {
        byte[] ct = test.get("ct").hex();
        try (AesSiv siv = new AesSiv(test.get("key").hex(), 0)) {
          agree(siv, NOTHING, test, ct);
        }
        checked++;
      }
    }
    assertEquals(442, checked);
  }

  @Test
  void aes_cmac_agrees_and_refuses_other_key_sizes() {
    Counts counts = new Counts();
    for (Json group : groups("aes_cmac")) {
      int keySize = group.get("keySize").integer() / 8;
      for (Json test : group.get("tests").items()) {
        HeapKey key = new HeapKey("AES", test.get("key").hex());
        if (keySize != 16 && keySize != 24 && keySize != 32) {
          assertThrows(UnsupportedParameterException.class, () -> new AesCmac(key));
          counts.refused++;
          continue;
        }
        AesCmac cmac = new AesCmac(key);
        byte[] message = test.get("msg").hex();
        byte[] code = new byte[16];
        // twice: the CBC object has to come back to its start
        for (int i = 0; i < 2; i++) {
          cmac.mac(message, 0, message.length, code);
          assertEquals(
              valid(test), Arrays.equals(test.get("tag").hex(), code), () -> describe(test));
        }
        counts.run++;
      }
    }
    counts.check(306, 5);
  }

  @ParameterizedTest
  @EnumSource(Hkdf.class)
  void hkdf_agrees_and_refuses_too_long_outputs(Hkdf hkdf) {
    for (Json group : groups("hkdf_" + hkdf.name().toLowerCase(java.util.Locale.ROOT))) {
      for (Json test : group.get("tests").items()) {
        byte[] ikm = test.get("ikm").hex();
        byte[] salt = test.get("salt").hex();
        byte[] info = test.get("info").hex();
        int size = test.get("size").integer();
        if (valid(test)) {
          assertArrayEquals(
              test.get("okm").hex(), hkdf.derive(ikm, salt, info, size), () -> describe(test));
        } else {
          assertThrows(
              UnsupportedParameterException.class,
              () -> hkdf.derive(ikm, salt, info, size),
              () -> describe(test));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Pbkdf2.class)
  void pbkdf2_agrees(Pbkdf2 pbkdf2) {
    int checked = 0;
    String name = pbkdf2.name().toLowerCase(java.util.Locale.ROOT).replace("_", "");
    for (Json group : groups("pbkdf2_" + name)) {
      for (Json test : group.get("tests").items()) {
        byte[] derived =
            pbkdf2.derive(
                test.get("password").hex(),
                test.get("salt").hex(),
                test.get("iterationCount").integer(),
                test.get("dkLen").integer());
        assertEquals(
            valid(test), Arrays.equals(test.get("dk").hex(), derived), () -> describe(test));
        checked++;
      }
    }
    assertFalse(checked == 0);
  }

  private static void aead(
      BiFunction<byte[], Integer, Aead> maker,
      int nonceSize,
      boolean supported,
      Json test,
      boolean tagFirst,
      Counts counts) {
    byte[] key = test.get("key").hex();
    if (!supported) {
      assertThrows(
          UnsupportedParameterException.class,
          () -> maker.apply(key, nonceSize).close(),
          () -> describe(test));
      counts.refused++;
      return;
    }
    byte[] tag = test.get("tag").hex();
    byte[] ct = test.get("ct").hex();
    byte[] sealed = tagFirst ? join(tag, ct) : join(ct, tag);
    try (Aead aead = maker.apply(key, nonceSize)) {
      agree(aead, test.get("iv").hex(), test, sealed);
    }
    counts.run++;
  }

  private static void agree(Aead aead, byte[] nonce, Json test, byte[] sealed) {
    byte[] message = test.get("msg").hex();
    byte[] aad = test.get("aad").hex();
    byte[] opened = new byte[Math.max(0, sealed.length - Aead.TAG_SIZE)];
    if (valid(test)) {
      try (Aead.Worker worker = aead.borrow()) {
        byte[] own = new byte[message.length + Aead.TAG_SIZE];
        worker.seal(nonce, 0, aad, message, 0, message.length, own, 0);
        assertArrayEquals(sealed, own, () -> describe(test));
        // twice in a row, as a reader does that reads a block again
        for (int i = 0; i < 2; i++) {
          worker.open(nonce, 0, aad, sealed, 0, sealed.length, opened, 0);
          assertArrayEquals(message, opened, () -> describe(test));
        }
      } catch (AEADBadTagException e) {
        throw new AssertionError(describe(test), e);
      }
    } else {
      Arrays.fill(opened, (byte) 0x5a);
      byte[] before = opened.clone();
      try (Aead.Worker worker = aead.borrow()) {
        assertThrows(
            AEADBadTagException.class,
            () -> worker.open(nonce, 0, aad, sealed, 0, sealed.length, opened, 0),
            () -> describe(test));
      }
      assertFalse(
          opened.length >= 8 && Arrays.equals(message, opened) && !Arrays.equals(before, opened),
          () -> "plaintext left behind: " + describe(test));
    }
  }

  private static Iterable<Json> groups(String name) {
    return Vectors.json("wycheproof/" + name + ".json.gz").get("testGroups").items();
  }

  private static boolean valid(Json test) {
    return switch (test.get("result").text()) {
      case "valid" -> true;
      case "invalid" -> false;
      default -> throw new AssertionError("result neither valid nor invalid: " + describe(test));
    };
  }

  private static String describe(Json test) {
    return "tcId " + test.get("tcId").number() + ": " + test.get("comment").text();
  }

  private static byte[] join(byte[] a, byte[] b) {
    byte[] joined = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, joined, a.length, b.length);
    return joined;
  }

  /** What became of the tests, so that none is lost. */
  private static final class Counts {
    private int run;
    private int refused;

    void check(int expectedRun, int expectedRefused) {
      assertEquals(expectedRun, run, "tests run");
      assertEquals(expectedRefused, refused, "tests refused");
    }
  }
}
