package io.unsealfs.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.vectors.Json;
import io.unsealfs.vectors.Vectors;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ScryptTest {

  @Test
  void known_answer() {
    Json kat = Vectors.json("gocryptfs/kat.json").get("key_wrap");
    assertArrayEquals(
        kat.get("kek").hex(),
        Scrypt.derive(
            kat.get("password_utf8").text().getBytes(StandardCharsets.UTF_8),
            kat.get("salt").hex(),
            kat.get("N").integer(),
            kat.get("r").integer(),
            kat.get("p").integer(),
            32));
  }

  @Test
  void memory_is_never_counted_less_than_the_table() {
    assertTrue(Scrypt.memory(1 << 20, 8, 1) >= 1L << 30);
    assertThrows(
        UnsupportedParameterException.class, () -> Scrypt.memory(Long.MAX_VALUE / 4, 8, 1));
    assertThrows(
        UnsupportedParameterException.class,
        () -> Scrypt.memory(1024, Integer.MAX_VALUE, Long.MAX_VALUE / 4));
  }

  @Test
  void parameters_outside_the_rfc_are_refused() {
    byte[] some = new byte[32];
    for (int[] p :
        new int[][] {
          {1000, 8, 1},
          {0, 8, 1},
          {1, 8, 1},
          {-1024, 8, 1},
          {1024, 0, 1},
          {1024, 8, 0},
          {1024, 8, Integer.MAX_VALUE},
          {1024, Integer.MAX_VALUE, Integer.MAX_VALUE}
        }) {
      assertThrows(
          UnsupportedParameterException.class,
          () -> Scrypt.derive(some, some, p[0], p[1], p[2], 32));
    }
  }
}
