package io.unsealfs.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.vectors.Json;
import io.unsealfs.vectors.Vectors;
import java.security.MessageDigest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmeTest {

  @Test
  void known_answers_in_both_directions() throws Exception {
    for (Json kat : Vectors.json("gocryptfs/kat.json").get("eme_aes256").items()) {
      try (Eme eme = new Eme(kat.get("key").hex())) {
        byte[] tweak = kat.get("tweak").hex();
        byte[] plain =
            kat.has("plain")
                ? kat.get("plain").hex()
                : new byte[kat.get("plain_zero_bytes").integer()];
        byte[] cipher = eme.encrypt(tweak, plain);
        if (kat.has("cipher")) {
          assertArrayEquals(kat.get("cipher").hex(), cipher);
        } else {
          assertArrayEquals(
              kat.get("cipher_sha256").hex(), MessageDigest.getInstance("SHA-256").digest(cipher));
        }
        assertArrayEquals(plain, eme.decrypt(tweak, cipher));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 15, 17, 2047, 2049, 2064})
  void other_lengths_are_refused(int length) {
    try (Eme eme = new Eme(new byte[32])) {
      assertThrows(
          UnsupportedParameterException.class, () -> eme.decrypt(new byte[16], new byte[length]));
      assertThrows(
          UnsupportedParameterException.class, () -> eme.encrypt(new byte[16], new byte[length]));
    }
  }

  @Test
  void nothing_is_computed_after_close() {
    Eme eme = new Eme(new byte[32]);
    eme.close();
    assertThrows(IllegalStateException.class, () -> eme.encrypt(new byte[16], new byte[16]));
  }
}
