package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.wire.WireLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WrappedSecretTest {
  private static final byte[] SECRET = "a passphrase".getBytes(StandardCharsets.UTF_8);
  private final KeyEncryptionKey key =
      KeyEncryptionKey.of(new byte[KeyEncryptionKey.SIZE], new HeapMemory());

  @TempDir Path directory = Path.of("");

  @Test
  void whatIsWrappedUnwraps() throws IOException {
    WrappedSecret wrapped = WrappedSecret.wrap("model-ü", SECRET, key);
    WrappedSecret read = WrappedSecret.parse(wrapped.encode(), "test");
    assertEquals("model-ü", read.name());
    assertEquals(key.id(), read.keyId());
    assertArrayEquals(SECRET, read.unwrap("model-ü", key));
  }

  @Test
  void aNewerFormatIsRefusedByItsName() throws IOException {
    String file = new String(WrappedSecret.wrap("a", SECRET, key).encode(), StandardCharsets.UTF_8);
    String newer =
        file.replaceFirst("\"version\"\\s*:\\s*\"1\"", "\"version\":\"2\",\"news\":{\"of\":[1]}");
    assertNotEquals(file, newer);
    KeyServerConfigException e =
        assertThrows(
            KeyServerConfigException.class,
            () -> WrappedSecret.parse(newer.getBytes(StandardCharsets.UTF_8), "test"));
    assertTrue(
        String.valueOf(e.getMessage()).contains("has format 2, and this program knows only"),
        e.toString());
  }

  @Test
  void itsFileIsItsOwnersOnlyAndReplacesAnOlderOneWhole() throws IOException {
    Path file = directory.resolve("secret");
    WrappedSecret.wrap("a", new byte[] {1}, key).writeTo(file);
    WrappedSecret.wrap("a", SECRET, key).writeTo(file);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertArrayEquals(SECRET, WrappedSecret.read(file).unwrap("a", key));
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(1, files.count(), "nothing else is left behind");
    }
  }

  @Test
  void everyFlippedBitOfTheFileIsFound() throws IOException {
    byte[] file = WrappedSecret.wrap("model", SECRET, key).encode();
    for (int bit = 0; bit < 8 * file.length; bit++) {
      byte[] changed = file.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      assertThrows(
          KeyServerConfigException.class,
          () -> WrappedSecret.parse(changed, "test").unwrap("model", key),
          "bit " + bit);
    }
  }

  @Test
  void everyTruncationIsFound() throws IOException {
    byte[] file = WrappedSecret.wrap("model", SECRET, key).encode();
    for (int length = 0; length < file.length; length++) {
      byte[] cut = Arrays.copyOf(file, length);
      assertThrows(KeyServerConfigException.class, () -> WrappedSecret.parse(cut, "test"));
    }
    assertThrows(
        KeyServerConfigException.class,
        () -> WrappedSecret.parse(Arrays.copyOf(file, file.length + 1), "test"));
  }

  @Test
  void aFileCannotStandInForAnother() throws IOException {
    WrappedSecret b = WrappedSecret.wrap("bbb", SECRET, key);
    assertThrows(KeyServerConfigException.class, () -> b.unwrap("aaa", key));
    // nor with the name in it changed
    String renamed = new String(b.encode(), StandardCharsets.UTF_8).replace("\"bbb\"", "\"aaa\"");
    WrappedSecret forged = WrappedSecret.parse(renamed.getBytes(StandardCharsets.UTF_8), "test");
    assertEquals("aaa", forged.name());
    assertThrows(KeyServerConfigException.class, () -> forged.unwrap("aaa", key));
  }

  @Test
  void anotherKeyIsNamed() throws IOException {
    byte[] bytes = new byte[KeyEncryptionKey.SIZE];
    bytes[0] = 1;
    KeyEncryptionKey other = KeyEncryptionKey.of(bytes, new HeapMemory());
    assertNotEquals(key.id(), other.id());
    WrappedSecret wrapped = WrappedSecret.wrap("a", SECRET, key);
    KeyServerConfigException e =
        assertThrows(KeyServerConfigException.class, () -> wrapped.unwrap("a", other));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(key.id()) && message.contains(other.id()), message);
  }

  @Test
  void theSameSecretIsNeverWrappedTheSameWayTwice() throws IOException {
    assertFalse(
        Arrays.equals(
            WrappedSecret.wrap("a", SECRET, key).encode(),
            WrappedSecret.wrap("a", SECRET, key).encode()));
  }

  @Test
  void lengthsAndNamesAreBounded() throws IOException {
    byte[] largest = new byte[WireLimits.MAX_SECRET_BYTES];
    WrappedSecret wrapped = WrappedSecret.wrap("a", largest, key);
    assertTrue(wrapped.encode().length <= WrappedSecret.MAX_FILE_BYTES);
    assertArrayEquals(largest, WrappedSecret.parse(wrapped.encode(), "test").unwrap("a", key));
    for (int length : new int[] {0, WireLimits.MAX_SECRET_BYTES + 1}) {
      assertThrows(
          KeyServerConfigException.class, () -> WrappedSecret.wrap("a", new byte[length], key));
    }
    for (String name : new String[] {"", "a\nb", "a\0", "\ud800", "ü".repeat(200)}) {
      assertThrows(
          KeyServerConfigException.class, () -> WrappedSecret.wrap(name, SECRET, key), name);
    }
  }

  @Test
  void theKeyIsReadFromBinaryAndFromDigits() throws IOException {
    byte[] bytes = new byte[KeyEncryptionKey.SIZE];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 7 + 200);
    }
    String hex = HexFormat.of().formatHex(bytes);
    String id = KeyEncryptionKey.of(bytes, new HeapMemory()).id();
    assertEquals(id, keyFile(bytes).id());
    for (String text :
        new String[] {hex, hex + "\n", hex + "\r\n", hex.toUpperCase(java.util.Locale.ROOT)}) {
      assertEquals(id, keyFile(text.getBytes(StandardCharsets.UTF_8)).id());
    }
    for (String text :
        new String[] {"", hex.substring(1), hex + "a", hex + "\n\n", "x" + hex.substring(1)}) {
      assertThrows(
          KeyServerConfigException.class,
          () -> keyFile(text.getBytes(StandardCharsets.UTF_8)),
          text);
    }
  }

  @Test
  void theKeysNameIsNotAHashOfTheKey() throws Exception {
    byte[] bytes = new byte[KeyEncryptionKey.SIZE];
    String hash =
        HexFormat.of().formatHex(java.security.MessageDigest.getInstance("SHA-256").digest(bytes));
    assertFalse(hash.startsWith(KeyEncryptionKey.of(bytes, new HeapMemory()).id()));
  }

  private KeyEncryptionKey keyFile(byte[] content) throws IOException {
    Path file = directory.resolve("kek");
    Files.write(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return KeyEncryptionKey.read(file, new HeapMemory());
  }
}
