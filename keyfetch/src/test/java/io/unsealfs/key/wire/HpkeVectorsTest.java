package io.unsealfs.key.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.unsealfs.vectors.Vectors;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.hpke.HPKE;
import org.bouncycastle.crypto.hpke.HPKEContext;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** RFC 9180 vectors: our suite through our class, all others refused; the library on them all. */
class HpkeVectorsTest {
  private static final HexFormat HEX = HexFormat.of();

  private record Suite(int mode, int kem, int kdf, int aead) {
    static Suite of(Map<String, Object> vector) {
      return new Suite(
          number(vector, "mode"),
          number(vector, "kem_id"),
          number(vector, "kdf_id"),
          number(vector, "aead_id"));
    }

    boolean isOurs() {
      return mode == 0 && kem == 0x20 && kdf == 1 && aead == 2;
    }

    HPKE hpke() {
      return new HPKE((byte) mode, (short) kem, (short) kdf, (short) aead);
    }
  }

  private static List<Map<String, Object>> vectors() throws Exception {
    return Vectors.objects("hpke/hpke.json.gz");
  }

  private static int number(Map<String, Object> vector, String key) {
    return Integer.parseInt(text(vector, key));
  }

  private static String text(Map<String, Object> vector, String key) {
    return (String) vector.getOrDefault(key, "");
  }

  private static byte[] hex(Map<String, Object> vector, String key) {
    return HEX.parseHex(text(vector, key));
  }

  @SuppressWarnings("unchecked") // encryptions are objects
  private static List<Map<String, Object>> encryptions(Map<String, Object> vector) {
    return (List<Map<String, Object>>) vector.getOrDefault("encryptions", List.of());
  }

  @Test
  void oursIsAmongThem() throws Exception {
    assertEquals(16, vectors().size());
    assertEquals(1, vectors().stream().map(Suite::of).filter(Suite::isOurs).count());
  }

  @TestFactory
  Stream<DynamicTest> throughOurClass() throws Exception {
    return vectors().stream()
        .map(vector -> dynamicTest(Suite.of(vector).toString(), () -> ours(vector)));
  }

  private static void ours(Map<String, Object> vector) throws Exception {
    Suite suite = Suite.of(vector);
    if (!suite.isOurs()) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new HpkeSuite(suite.mode, suite.kem, suite.kdf, suite.aead));
      return;
    }
    Map<String, Object> first = encryptions(vector).getFirst();
    try (HpkeKeyPair keys = HpkeKeyPair.of(hex(vector, "skRm"))) {
      assertArrayEquals(hex(vector, "pkRm"), keys.publicKey());
      SealedSecret sealed =
          SealedSecret.of(hex(first, "aad"), hex(vector, "enc"), hex(first, "ct"));
      assertArrayEquals(hex(first, "pt"), keys.open(hex(vector, "info"), sealed));
    }
  }

  @TestFactory
  Stream<DynamicTest> theLibraryOnEveryMode() throws Exception {
    return vectors().stream()
        .map(vector -> dynamicTest(Suite.of(vector).toString(), () -> library(vector)));
  }

  private static void library(Map<String, Object> vector) throws Exception {
    Suite suite = Suite.of(vector);
    HPKE hpke = suite.hpke();
    byte[] enc = hex(vector, "enc");
    byte[] info = hex(vector, "info");
    AsymmetricCipherKeyPair receiver =
        hpke.deserializePrivateKey(hex(vector, "skRm"), hex(vector, "pkRm"));
    byte[] psk = hex(vector, "psk");
    byte[] pskId = hex(vector, "psk_id");
    HPKEContext context =
        switch (suite.mode) {
          case 0 -> hpke.setupBaseR(enc, receiver, info);
          case 1 -> hpke.setupPSKR(enc, receiver, info, psk, pskId);
          case 2 ->
              hpke.setupAuthR(enc, receiver, info, hpke.deserializePublicKey(hex(vector, "pkSm")));
          default ->
              hpke.setupAuthPSKR(
                  enc, receiver, info, psk, pskId, hpke.deserializePublicKey(hex(vector, "pkSm")));
        };
    assertEquals(6, encryptions(vector).size());
    for (Map<String, Object> encryption : encryptions(vector)) {
      assertArrayEquals(
          hex(encryption, "pt"), context.open(hex(encryption, "aad"), hex(encryption, "ct")));
    }
  }
}
