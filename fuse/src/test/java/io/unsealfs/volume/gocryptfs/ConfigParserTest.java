package io.unsealfs.volume.gocryptfs;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.volume.VolumeFormatException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every member and every flag of the config, taken or refused by name. */
class ConfigParserTest {
  private static final String SALT =
      Base64.getEncoder()
          .encodeToString("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8));
  private static final String KEY64 = Base64.getEncoder().encodeToString(new byte[64]);
  private static final String KEY60 = Base64.getEncoder().encodeToString(new byte[60]);
  private static final String FLAGS =
      "\"HKDF\",\"GCMIV128\",\"DirIV\",\"EMENames\",\"LongNames\",\"Raw64\"";

  private static final String GOOD =
      """
      {
      	"Creator": "gocryptfs 2.3",
      	"EncryptedKey": "%s",
      	"ScryptObject": {
      		"Salt": "%s",
      		"N": 1024,
      		"R": 8,
      		"P": 1,
      		"KeyLen": 32
      	},
      	"Version": 2,
      	"FeatureFlags": [%s]
      }
      """
          .formatted(KEY64, SALT, FLAGS);

  private static GocryptfsConfig parse(String text) throws VolumeFormatException {
    return ConfigParser.parse(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void refused(String text, String because) {
    var e = assertThrows(VolumeFormatException.class, () -> parse(text), text);
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(because), () -> message + "\nfor\n" + text);
    assertTrue(message.startsWith("gocryptfs.conf: ") && !message.contains("\n"), message);
  }

  private static String replaced(String from, String to) {
    assertTrue(GOOD.contains(from), from);
    return GOOD.replace(from, to);
  }

  private static String withFlags(String key, String... flags) {
    return GOOD.replace(KEY64, key).replace(FLAGS, "\"" + String.join("\",\"", flags) + "\"");
  }

  @Test
  void a_good_config_says_what_it_says() throws Exception {
    GocryptfsConfig config = parse(GOOD);
    assertEquals("gocryptfs 2.3", config.creator());
    assertEquals(new ScryptCost(1024, 8, 1), config.scrypt());
    assertEquals(64, config.encryptedKey().length);
    assertEquals(6, config.flags().size());
    assertEquals(ContentAlgorithm.AES_256_GCM, config.contentAlgorithm());
    assertEquals(GocryptfsConfig.NameMode.PER_DIRECTORY, config.nameMode());
    assertEquals(255, config.longNameLimit());
  }

  @Test
  void every_truncation_is_refused() {
    byte[] whole = GOOD.getBytes(StandardCharsets.UTF_8);
    // without the last byte, a line feed, it is still whole
    assertDoesNotThrow(() -> ConfigParser.parse(Arrays.copyOf(whole, whole.length - 1)));
    for (int length = 0; length < whole.length - 1; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThrows(VolumeFormatException.class, () -> ConfigParser.parse(cut));
    }
  }

  @Test
  void every_flipped_bit_is_taken_or_refused_and_nothing_else() {
    byte[] whole = GOOD.getBytes(StandardCharsets.UTF_8);
    int refused = 0;
    for (int bit = 0; bit < 8 * whole.length; bit++) {
      byte[] changed = whole.clone();
      changed[bit / 8] ^= (byte) (1 << (bit % 8));
      try {
        ConfigParser.parse(changed);
      } catch (VolumeFormatException e) {
        refused++;
      }
    }
    assertTrue(refused > 1000, "refused " + refused);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      textBlock =
          """
          "Version": 2|"Version": 1|Version is 1
          "Version": 2|"Version": 3|Version is 3
          "Version": 2|"Version": -2|Version is -2
          "Version": 2|"Version": "2"|Version is not an integer
          "Version": 2|"Version": 2.0|Version is not an integer
          "Version": 2|"Version": null|Version is 0
          "Version": 2|"Version": 99999999999999999999|Version is out of range
          "Version": 2|"Vers": 2|Version is 0
          "Version": 2|"Version": 2, "version": 2|twice
          "N": 1024|"N": 512|N is 512
          "N": 1024|"N": 0|N is 0
          "N": 1024|"N": -1024|N is -1024
          "N": 1024|"N": 1025|power of two
          "N": 1024|"N": 1073741825|out of range
          "N": 1024|"N": 4611686018427387904|out of range
          "N": 1024|"N": 9223372036854775808|out of range
          "N": 1024|"N": 1e3|N is not an integer
          "N": 1024|"N": "1024"|N is not an integer
          "N": 1024|"N": true|N is not an integer
          "N": 1024|"N": [1024]|N is not an integer
          "N": 1024|"M": 1024|N is 0
          "R": 8|"R": 7|R is 7
          "R": 8|"R": -8|R is -8
          "R": 8|"R": 1073741824|out of range
          "R": 8|"R": 2147483648|out of range
          "P": 1|"P": 0|P is 0
          "P": 1|"P": -1|P is -1
          "P": 1|"P": 1073741824|out of range
          "P": 1|"P": 134217728|out of range
          "KeyLen": 32|"KeyLen": 31|KeyLen is 31
          "KeyLen": 32|"KeyLen": 64|KeyLen is 64
          "KeyLen": 32|"KeyLen": 0|KeyLen is 0
          "KeyLen": 32|"KeyLen": {}|KeyLen is not an integer
          "Creator": "gocryptfs 2.3"|"Creator": 5|Creator is not a string
          "FeatureFlags": [|"FeatureFlags": [5,|not a string
          "FeatureFlags": [|"FeatureFlags": [[],|not a string
          "FeatureFlags": [|"FeatureFlags": ["Nonsense",|unknown feature flag Nonsense
          "FeatureFlags": [|"FeatureFlags": ["hkdf",|unknown feature flag hkdf
          "FeatureFlags": [|"FeatureFlags": ["",|unknown feature flag
          "FeatureFlags": [|"Flags": [|GCMIV128 is missing
          "Version": 2|"Version": 2, "LongNameMax": 100|without the flag
          "Version": 2|"Version": 2, "LongNameMax": 300|LongNameMax is 300
          "Version": 2|"Version": 2, "LongNameMax": -1|LongNameMax is -1
          "Version": 2|"Version": 2, "LongNameMax": "100"|LongNameMax is not an integer
          "Version": 2|"Version": 02|not valid JSON
          "Version": 2|"Version": NaN|not valid JSON
          "Version": 2|"Version": 2,|not valid JSON
          "Version": 2|'Version': 2|not valid JSON
          """)
  void a_changed_member_is_refused_by_name(String from, String to, String because) {
    refused(replaced(from, to), because);
  }

  @Test
  void wrong_keys_and_salts_are_refused() {
    refused(replaced(KEY64, ""), "EncryptedKey has 0 bytes instead of 64");
    refused(replaced(KEY64, KEY60), "EncryptedKey has 60 bytes instead of 64");
    refused(replaced(KEY64, KEY64 + KEY64), "EncryptedKey is not base64");
    refused(replaced(KEY64, KEY64.substring(0, 84)), "EncryptedKey has 63 bytes instead");
    refused(replaced(KEY64, KEY64.substring(1)), "EncryptedKey is not base64");
    refused(replaced(KEY64, KEY64.replace('A', '_')), "EncryptedKey is not base64");
    refused(replaced(KEY64, KEY64.replace("==", "")), "EncryptedKey is not base64");
    refused(replaced(SALT, ""), "salt has 0 bytes");
    refused(replaced(SALT, Base64.getEncoder().encodeToString(new byte[31])), "31 bytes");
    refused(replaced(SALT, Base64.getEncoder().encodeToString(new byte[1025])), "1025 bytes");
    refused(replaced("\"" + SALT + "\"", "17"), "Salt is not a string");
    refused(replaced("\"Salt\"", "\"Sugar\""), "salt has 0 bytes");
  }

  @Test
  void what_is_no_config_is_refused() {
    refused("", "empty");
    refused("   ", "not a JSON object");
    refused("null", "not a JSON object");
    refused("[" + GOOD + "]", "not a JSON object");
    refused("\"text\"", "not a JSON object");
    refused("{}", "Version is 0");
    refused(GOOD + "x", "not valid JSON");
    refused(GOOD + "{}", "text after");
    refused(GOOD + "1", "text after");
    refused("\ufeff" + GOOD, "not valid JSON");
    refused("/* */" + GOOD, "not valid JSON");
    refused("{\"a\":".repeat(10_000), "not valid JSON");
    refused(replaced("\"Version\"", "\"a\": " + "[".repeat(500) + ", \"Version\""), "not valid");
    refused(GOOD + " ".repeat(65536), "more than 65536 bytes");
    refused("{\"a\": " + "9".repeat(5000) + "}", "not valid JSON");
    refused(GOOD.replace("\"ScryptObject\"", "\"ScryptObject\": 5, \"Other\""), "not an object");
    refused(GOOD.replace("[" + FLAGS + "]", "\"HKDF\""), "FeatureFlags is not an array");
    for (String charset : new String[] {"UTF-16BE", "UTF-16LE", "UTF-32BE"}) {
      byte[] bytes = GOOD.getBytes(Charset.forName(charset));
      assertThrows(VolumeFormatException.class, () -> ConfigParser.parse(bytes), charset);
    }
  }

  @Test
  void oddities_of_the_reference_are_taken() throws Exception {
    parse(replaced("\"Version\"", "\"Unknown\": {\"x\": [1, {\"y\": null}]}, \"Version\""));
    parse(GOOD.replace("\"Version\"", "\"vErSiOn\"").replace("\"KeyLen\"", "\"keylen\""));
    parse(replaced(FLAGS, FLAGS + "," + FLAGS));
    parse(replaced("\"Creator\": \"gocryptfs 2.3\"", "\"Creator\": null"));
    parse(replaced("\"Version\": 2", "\"Version\": 2, \"LongNameMax\": 0"));
    parse(withFlags(KEY64, "HKDF", "GCMIV128"));
    parse(withFlags(KEY64, "HKDF", "GCMIV128", "FIDO2"));
    parse(withFlags(KEY60, "GCMIV128"));
    parse(withFlags(KEY60, "GCMIV128", "AESSIV"));
    parse(withFlags(KEY64, "HKDF", "XChaCha20Poly1305", "PlaintextNames"));
    assertEquals(
        62,
        parse(
                withFlags(KEY64, "HKDF", "GCMIV128", "LongNameMax")
                    .replace("\"Version\"", "\"LongNameMax\": 62, \"Version\""))
            .longNameLimit());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HKDF",
        "HKDF,AESSIV",
        "HKDF,AESSIV,XChaCha20Poly1305",
        "HKDF,GCMIV128,AESSIV,XChaCha20Poly1305",
        "HKDF,GCMIV128,XChaCha20Poly1305",
        "HKDF,GCMIV128,PlaintextNames,DirIV",
        "HKDF,GCMIV128,PlaintextNames,EMENames",
        "HKDF,GCMIV128,PlaintextNames,LongNames",
        "HKDF,GCMIV128,PlaintextNames,Raw64",
        "HKDF,GCMIV128,PlaintextNames,LongNameMax"
      })
  void flags_that_do_not_go_together_are_refused(String flags) {
    refused(withFlags(KEY64, flags.split(",", -1)), "lag");
  }

  @Test
  void xchacha_without_hkdf_is_refused() {
    refused(withFlags(KEY60, "XChaCha20Poly1305"), "needs flag HKDF");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 61, 256, 1000})
  void long_name_max_out_of_range_is_refused(int value) {
    refused(
        withFlags(KEY64, "HKDF", "GCMIV128", "LongNameMax")
            .replace("\"Version\"", "\"LongNameMax\": " + value + ", \"Version\""),
        "LongNameMax is " + value);
  }

  @Test
  void foreign_text_cannot_forge_lines() {
    refused(replaced(FLAGS, "\"a\\nb\\u001b[31m" + "x".repeat(300) + "\""), "a\\x0ab\\x1b[31mx");
  }
}
