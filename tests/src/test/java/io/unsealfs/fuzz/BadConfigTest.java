package io.unsealfs.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.sun.management.ThreadMXBean;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.WrongKeyException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of bad input: every member of {@code gocryptfs.conf}, every place to cut it off. */
class BadConfigTest {
  private static final int BAD_FORMAT = 23;
  private static final int WRONG_KEY = 24;
  private static final long CHEAP_BYTES = 1 << 20;
  private static final String FILE = "gocryptfs.conf";

  private final MemoryTree tree;
  private final String good;

  BadConfigTest() throws IOException {
    tree = CipherVolume.named("longnamemax100").tree();
    MemoryTree.Item config = tree.rootItem().children.get(CipherVolume.CONFIG);
    good = new String(config == null ? new byte[0] : config.bytes, StandardCharsets.UTF_8);
  }

  private void use(byte[] config) {
    tree.rootItem().children.put(CipherVolume.CONFIG, tree.item(NodeKind.FILE, config));
  }

  private void use(String config) {
    use(config.getBytes(StandardCharsets.UTF_8));
  }

  /** A member's value as text of JSON, and what the refusal has to name. */
  static Stream<Arguments> badMembers() {
    List<Arguments> table = new ArrayList<>();
    for (String number : List.of("1", "3", "-2", "0", "2147483650", "99999999999999999999")) {
      table.add(arguments("Version", number, "Version"));
    }
    for (String number : List.of("0", "-1", "1", "1023", "1025", "65537", "3000000000", "1e4")) {
      table.add(arguments("N", number, "N"));
    }
    table.add(arguments("N", "1073741824", "N="));
    for (String number : List.of("0", "-1", "7", "3000000000")) {
      table.add(arguments("R", number, "R"));
      table.add(arguments("P", number.equals("7") ? "0" : number, "P"));
    }
    table.add(arguments("R", "1073741823", "R="));
    table.add(arguments("P", "1073741823", "P="));
    for (String number : List.of("0", "16", "31", "33", "64", "-32", "4294967328")) {
      table.add(arguments("KeyLen", number, "KeyLen"));
    }
    for (String number : List.of("-1", "0", "1", "61", "256", "300", "4294967396")) {
      table.add(arguments("LongNameMax", number, "LongNameMax"));
    }
    for (String text : List.of("\"\"", "\"AAAA\"", "\"%%%%\"", "\"AAA\"", base64(1025))) {
      table.add(arguments("Salt", text, text.equals("\"%%%%\"") ? "Salt" : ""));
      table.add(arguments("EncryptedKey", text, "EncryptedKey"));
    }
    table.add(arguments("EncryptedKey", base64(60), "EncryptedKey"));
    for (String member :
        List.of("Version", "N", "R", "P", "KeyLen", "LongNameMax", "Salt", "EncryptedKey")) {
      for (String other : List.of("true", "[]", "{}", "1.5")) {
        table.add(arguments(member, other, member));
      }
    }
    for (String member : List.of("Version", "N", "R", "P", "KeyLen", "LongNameMax")) {
      table.add(arguments(member, "\"2\"", member));
    }
    for (String member : List.of("Salt", "EncryptedKey", "Creator")) {
      table.add(arguments(member, "7", member));
    }
    for (String other : List.of("7", "\"x\"", "[]", "true")) {
      table.add(arguments("ScryptObject", other, "ScryptObject"));
    }
    for (String other : List.of("7", "\"HKDF\"", "{}", "true")) {
      table.add(arguments("FeatureFlags", other, "FeatureFlags"));
    }
    table.add(arguments("FeatureFlags", "[7]", "FeatureFlags"));
    table.add(arguments("FeatureFlags", "[]", "GCMIV128"));
    table.add(arguments("FeatureFlags", "[\"HKDF\"]", "GCMIV128"));
    table.add(arguments("FeatureFlags", "[\"GCMIV128\",\"NewFlag\"]", "NewFlag"));
    table.add(arguments("FeatureFlags", "[\"gcmiv128\"]", "gcmiv128"));
    table.add(arguments("FeatureFlags", flags("AESSIV", "XChaCha20Poly1305"), "AESSIV"));
    table.add(arguments("FeatureFlags", flags("XChaCha20Poly1305"), "XChaCha20Poly1305"));
    table.add(arguments("FeatureFlags", "[\"XChaCha20Poly1305\"]", "HKDF"));
    for (String flag : List.of("DirIV", "EMENames", "LongNames", "Raw64", "LongNameMax")) {
      table.add(arguments("FeatureFlags", flags("PlaintextNames", flag), flag));
    }
    table.add(arguments("FeatureFlags", flags("DirIV", "EMENames"), "LongNameMax"));
    table.add(arguments("FeatureFlags", flags("LongNameMax", "FIDO2"), "FIDO2"));
    return table.stream();
  }

  private static String flags(String... more) {
    return "[\"HKDF\",\"GCMIV128\",\"" + String.join("\",\"", more) + "\"]";
  }

  private static String base64(int bytes) {
    return '"' + Base64.getEncoder().encodeToString(new byte[bytes]) + '"';
  }

  @ParameterizedTest(name = "{0} = {1}")
  @MethodSource("badMembers")
  @DisplayName("a bad member is refused cheaply, by name, with exit code 23")
  void badMember(String member, String value, String named) {
    use(with(member, value));
    long before = allocated();
    VolumeFormatException refusal =
        assertThrows(VolumeFormatException.class, () -> openWithPassphrase());
    long spent = allocated() - before;
    String said = String.valueOf(refusal.getMessage());
    assertTrue(said.startsWith(FILE + ": "), said);
    assertTrue(said.contains(named), said);
    assertFalse(said.contains("\n"), said);
    assertEquals(BAD_FORMAT, ExitCodes.of(refusal));
    // the real cost of these volumes is 1 MiB, of the hostile ones up to terabytes
    assertTrue(spent < CHEAP_BYTES, () -> "refusing took " + spent + " bytes");
  }

  private void openWithPassphrase() throws IOException {
    try (Volume volume = CipherVolume.openWithPassphrase(tree)) {
      assertTrue(volume.info().properties().isEmpty(), "a bad config was taken");
    }
  }

  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }

  /** The good config with another value of one member. */
  private String with(String member, String value) {
    int name = good.indexOf('"' + member + "\":");
    assertTrue(name >= 0, member);
    int from = good.indexOf(':', name) + 1;
    int to = from;
    int depth = 0;
    boolean text = false;
    while (depth > 0 || text || (good.charAt(to) != ',' && good.charAt(to) != '}')) {
      char c = good.charAt(to++);
      text ^= c == '"';
      depth += text ? 0 : c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
    }
    return good.substring(0, from) + value + good.substring(to);
  }

  @Test
  @DisplayName("each member but the informative one has to be there")
  void missingMembers() {
    for (String member :
        List.of(
            "EncryptedKey",
            "ScryptObject",
            "Salt",
            "N",
            "R",
            "P",
            "KeyLen",
            "Version",
            "FeatureFlags",
            "LongNameMax")) {
      use(with(member, "null"));
      VolumeFormatException refusal =
          assertThrows(VolumeFormatException.class, this::openWithPassphrase, member);
      assertEquals(BAD_FORMAT, ExitCodes.of(refusal));
    }
  }

  @Test
  @DisplayName("a member that is there twice is refused, whatever its case")
  void twice() {
    use(good.replaceFirst("\"Version\": 2", "\"Version\": 2, \"vERSION\": 2"));
    String message =
        String.valueOf(
            assertThrows(VolumeFormatException.class, this::openWithPassphrase).getMessage());
    assertTrue(message.contains("version"), message);
  }

  @Test
  @DisplayName("cut off anywhere it is refused with exit code 23, but for the last line end")
  void everyTruncation() throws IOException {
    byte[] whole = good.getBytes(StandardCharsets.UTF_8);
    for (int length = 0; length < whole.length - 1; length++) {
      use(Arrays.copyOf(whole, length));
      VolumeFormatException refusal =
          assertThrows(VolumeFormatException.class, this::openWithPassphrase, "at " + length);
      assertEquals(BAD_FORMAT, ExitCodes.of(refusal));
    }
    use(Arrays.copyOf(whole, whole.length - 1));
    CipherVolume.openWithPassphrase(tree).close();
  }

  @Test
  @DisplayName("what is not the config's text is refused")
  void otherTexts() {
    for (String text :
        List.of(
            "[]",
            "7",
            "null",
            "{}",
            good + "x",
            good + good,
            good.replace(",", ",,"),
            "\ufeff" + good,
            "[".repeat(10_000),
            "{\"a\":".repeat(10_000),
            good + " ".repeat(64 << 10))) {
      use(text);
      assertEquals(
          BAD_FORMAT,
          ExitCodes.of(assertThrows(VolumeFormatException.class, this::openWithPassphrase)));
    }
    use(good.getBytes(StandardCharsets.UTF_16LE));
    assertThrows(VolumeFormatException.class, this::openWithPassphrase);
  }

  @Test
  @DisplayName("a changed salt or wrapped key is a wrong key, exit code 24")
  void wrongKey() {
    for (String member : List.of("Salt", "EncryptedKey")) {
      use(with(member, base64(member.equals("Salt") ? 32 : 64)));
      WrongKeyException refusal =
          assertThrows(WrongKeyException.class, this::openWithPassphrase, member);
      assertEquals(WRONG_KEY, ExitCodes.of(refusal));
    }
  }

  @Test
  @DisplayName("a config that is no regular file, or a missing one, is a bad format")
  void notAFile() {
    for (NodeKind kind : List.of(NodeKind.DIRECTORY, NodeKind.FIFO, NodeKind.SYMLINK)) {
      tree.rootItem().children.put(CipherVolume.CONFIG, tree.item(kind, new byte[] {'x'}));
      assertThrows(VolumeFormatException.class, this::openWithPassphrase, kind.name());
    }
    tree.rootItem().children.remove(CipherVolume.CONFIG);
    assertThrows(VolumeFormatException.class, this::openWithPassphrase);
  }
}
