package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.wire.PskProof;
import io.unsealfs.keyserver.KekSource;
import io.unsealfs.keyserver.KeyEncryptionKeys;
import io.unsealfs.keyserver.KeyServerConfig;
import io.unsealfs.keyserver.WrappedSecret;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyServerPskTest {
  @TempDir private Path folder;

  private static SecretMemory.Region heap(byte[] bytes) {
    byte[] copy = bytes.clone();
    return new SecretMemory.Region() {
      @Override
      public int size() {
        return copy.length;
      }

      @Override
      public <T> T use(Function<byte[], T> use) {
        return use.apply(copy.clone());
      }

      @Override
      public void close() {}
    };
  }

  private static Secret unasked(KekSource source) {
    throw new AssertionError("a key in a file is not asked for: " + source);
  }

  @Test
  void bothSidesGetTheSameKeyAndNobodyElseCanReadIt() throws IOException {
    Path config = KeyServerDirectory.init(folder.resolve("keys"), "127.0.0.1:0", true);
    Path client = folder.resolve("team-a.psk");
    Path wrapped =
        KeyServerDirectory.makePreSharedKey(
            config, "team-a", client, KeyServerPskTest::unasked, KeyServerPskTest::heap);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(client)));
    Files.writeString(
        config,
        Files.readString(config) + "psks:\n  - {id: team-a, wrapped_file: \"" + wrapped + "\"}\n");
    KeyServerConfig read = KeyServerConfig.read(config);
    byte[] bytes = Files.readAllBytes(read.callers().preSharedKeys().getFirst().file());
    try (KeyEncryptionKeys keks =
        KeyEncryptionKeys.load(read.keks(), KeyServerPskTest::unasked, KeyServerPskTest::heap)) {
      assertArrayEquals(
          PskProof.key(Files.readAllBytes(client)),
          WrappedSecret.parse(bytes, "psk").unwrap("psk:team-a", keks.current()));
    }
    assertThrows(
        FileAlreadyExistsException.class,
        () ->
            KeyServerDirectory.makePreSharedKey(
                config,
                "team-a",
                folder.resolve("other"),
                KeyServerPskTest::unasked,
                KeyServerPskTest::heap));
    assertThrows(
        UsageException.class,
        () ->
            KeyServerDirectory.makePreSharedKey(
                config,
                "../x",
                folder.resolve("other"),
                KeyServerPskTest::unasked,
                KeyServerPskTest::heap));
  }
}
