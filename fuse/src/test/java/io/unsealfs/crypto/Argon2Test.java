package io.unsealfs.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Argon2Test {

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @ParameterizedTest
  @CsvSource({
    "I, c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8",
    "ID, 0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
  })
  void the_vectors_of_the_rfc_hold(Argon2.Type type, String tag) throws Exception {
    byte[] derived =
        Argon2.derive(
            type,
            filled(32, 1),
            filled(16, 2),
            filled(8, 3),
            filled(12, 4),
            new Argon2.Cost(3, 32, 4),
            32,
            Deadline.never());
    assertEquals(tag, HexFormat.of().formatHex(derived));
  }

  @ParameterizedTest
  @CsvSource({
    "I, 1, 8, 1, 32", "I, 3, 64, 1, 64", "I, 2, 1100, 3, 16", "I, 4, 4096, 4, 32",
    "ID, 1, 8, 1, 32", "ID, 3, 67, 2, 64", "ID, 4, 1024, 2, 64", "ID, 2, 5003, 5, 200",
    "ID, 4, 8192, 4, 65", "ID, 1, 600, 1, 1024"
  })
  void it_agrees_with_another_implementation(
      Argon2.Type type, int passes, int kib, int lanes, int length) throws Exception {
    byte[] password = "pa\0ss\nwörd".getBytes(StandardCharsets.UTF_8);
    byte[] salt = filled(32, 0x5a);
    Argon2BytesGenerator other = new Argon2BytesGenerator();
    other.init(
        new Argon2Parameters.Builder(type.number)
            .withVersion(Argon2Parameters.ARGON2_VERSION_13)
            .withIterations(passes)
            .withMemoryAsKB(kib)
            .withParallelism(lanes)
            .withSalt(salt)
            .build());
    byte[] expected = new byte[length];
    other.generateBytes(password, expected);
    assertArrayEquals(
        expected,
        Argon2.derive(
            type, password, salt, new Argon2.Cost(passes, kib, lanes), length, Deadline.never()));
  }

  @Test
  void it_ends_when_its_time_is_over() {
    assertThrows(
        KdfTimeoutException.class,
        () ->
            Argon2.derive(
                Argon2.Type.ID,
                new byte[1],
                new byte[32],
                new Argon2.Cost(1_000_000, 64 << 10, 2),
                32,
                Deadline.in(Duration.ofMillis(50))));
    assertThrows(
        KdfTimeoutException.class,
        () ->
            Pbkdf2.HMAC_SHA256.derive(
                new byte[1],
                new byte[32],
                Integer.MAX_VALUE,
                32,
                Deadline.in(Duration.ofMillis(50))));
  }

  @Test
  void costs_that_make_no_sense_are_refused() {
    for (int[] cost : new int[][] {{0, 64, 1}, {1, 7, 1}, {1, 64, 0}, {1, 64, 9}, {1, 4096, 256}}) {
      assertThrows(
          UnsupportedParameterException.class, () -> new Argon2.Cost(cost[0], cost[1], cost[2]));
    }
    Argon2.Cost cost = new Argon2.Cost(1, 64, 1);
    assertThrows(
        UnsupportedParameterException.class,
        () -> Argon2.derive(Argon2.Type.I, new byte[1], new byte[7], cost, 32, Deadline.never()));
    assertThrows(
        UnsupportedParameterException.class,
        () -> Argon2.derive(Argon2.Type.I, new byte[1], new byte[8], cost, 3, Deadline.never()));
  }
}
