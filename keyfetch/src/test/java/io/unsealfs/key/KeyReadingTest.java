package io.unsealfs.key;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyReadingTest {
  private static final HexFormat HEX = HexFormat.of();

  private static byte[] read(KeyReading reading, byte[] raw) throws KeyReferenceException {
    try (Secret secret = HeapMemory.secret(raw);
        Secret read = reading.apply(secret, new HeapMemory())) {
      return HeapMemory.bytes(read);
    }
  }

  private static byte[] read(KeyReading reading, String raw) throws KeyReferenceException {
    return read(reading, raw.getBytes(ISO_8859_1));
  }

  @ParameterizedTest
  @CsvSource({"61, 61", "610a, 61", "610a0a, 610a", "610d0a, 610d", "61200a, 6120", "ff00, ff00"})
  void aPassphraseDropsOneNewlineAndNothingElse(String raw, String expected) throws Exception {
    assertEquals(expected, HEX.formatHex(read(KeyReading.PASSPHRASE, HEX.parseHex(raw))));
  }

  @Test
  void aKeyfileIsAllBytes() throws Exception {
    assertArrayEquals(new byte[] {'a', '\n'}, read(KeyReading.KEYFILE, "a\n"));
  }

  @ParameterizedTest
  @CsvSource({"00ff, 00ff", "00FF, 00ff", "00-ff-0a, 00ff0a", "'00ff \r\n', 00ff"})
  void hexTakesDashesBetweenBytesAndSpaceAtTheEnd(String raw, String expected) throws Exception {
    assertEquals(expected, HEX.formatHex(read(KeyReading.HEX, raw)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "\n", "0", "000", "0g", "-00", "00-", "00--00", "0-0", "00 00", "\u00e91"})
  void hexRefusesEverythingElse(String raw) {
    assertThrows(KeyReferenceException.class, () -> read(KeyReading.HEX, raw));
  }

  @Property
  void hexOfAnyBytesIsReadBack(@ForAll @Size(min = 1, max = 80) byte[] key) throws Exception {
    assertArrayEquals(key, read(KeyReading.HEX, HEX.formatHex(key)));
    assertArrayEquals(key, read(KeyReading.HEX, HexFormat.ofDelimiter("-").formatHex(key)));
  }

  @Property
  void base64OfAnyBytesIsReadBack(@ForAll @Size(min = 1, max = 80) byte[] key) throws Exception {
    assertArrayEquals(key, read(KeyReading.BASE64, Base64.getEncoder().encode(key)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "YQ", "YQ=", "YR==", "Y Q==", "YQ==YQ==", "_-8=", "*"})
  void base64IsStrict(String raw) {
    assertThrows(KeyReferenceException.class, () -> read(KeyReading.BASE64, raw));
  }

  @Test
  void aMasterKeyIsAsManyBytesAsACipherTakesOrTheirDigits() throws Exception {
    byte[] key = new byte[32];
    for (int i = 0; i < key.length; i++) {
      key[i] = (byte) (i * 7 + 1);
    }
    String hex = HEX.formatHex(key);
    String grouped = String.join("-", hex.split("(?<=\\G.{8})"));
    assertArrayEquals(key, read(KeyReading.MASTERKEY, key));
    assertArrayEquals(key, read(KeyReading.MASTERKEY, hex));
    assertArrayEquals(key, read(KeyReading.MASTERKEY, grouped + "\n"));
    for (String bad : new String[] {hex.substring(2), hex + "00", "x".repeat(33), "x".repeat(65)}) {
      assertThrows(KeyReferenceException.class, () -> read(KeyReading.MASTERKEY, bad));
    }
    assertArrayEquals(new byte[64], read(KeyReading.MASTERKEY, new byte[64]));
    assertArrayEquals(new byte[64], read(KeyReading.MASTERKEY, "00".repeat(64)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n"})
  void anEmptyPassphraseIsRefused(String raw) {
    assertThrows(KeyReferenceException.class, () -> read(KeyReading.PASSPHRASE, raw));
  }

  @Test
  void errorsShowNoByte() {
    for (KeyReading reading :
        new KeyReading[] {KeyReading.HEX, KeyReading.BASE64, KeyReading.MASTERKEY}) {
      KeyReferenceException e =
          assertThrows(KeyReferenceException.class, () -> read(reading, "~~secret~~"));
      assertFalse(e.toString().contains("~"), e.toString());
      assertFalse(e.toString().contains("7e"), e.toString());
      assertNull(e.getCause());
    }
  }

  @Test
  void termsStayWithTheSecret() throws Exception {
    SecretTerms terms =
        new SecretTerms(Optional.of("sha256:00"), Optional.empty(), Optional.empty(), true);
    try (Secret raw = new Secret(new HeapMemory().copyOf(new byte[] {'a'}), terms);
        Secret read = KeyReading.PASSPHRASE.apply(raw, new HeapMemory())) {
      assertEquals(terms, read.terms());
    }
  }
}
