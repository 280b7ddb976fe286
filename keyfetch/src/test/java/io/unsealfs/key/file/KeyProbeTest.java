package io.unsealfs.key.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.KeyProbe;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.ServerTrust;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A look at local keys: finds what a fetch would fail with, and reads nothing. */
class KeyProbeTest {
  private static final ServerTrust NO_SERVER = new ServerTrust(Optional.empty(), List.of(), false);

  @TempDir Path directory = Path.of("");

  private KeyProbe file(Path path) throws IOException {
    return new FileKeyProvider(new HeapMemory())
        .probe(KeyReference.parse("file:" + path), NO_SERVER);
  }

  private String refusal(Path path) {
    return String.valueOf(assertThrows(KeyReferenceException.class, () -> file(path)).getMessage());
  }

  @Test
  void aKeyFileIsLookedAtAndNotRead() throws IOException {
    Path key = Files.writeString(directory.resolve("key"), "correct horse");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    KeyProbe probe = file(key);
    assertEquals(List.of(), probe.warnings());
    assertTrue(probe.finding().contains("13 bytes"), probe.finding());
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    assertTrue(file(key).warnings().getFirst().contains("chmod 600"));
  }

  @Test
  void whatAFetchWouldRefuseIsRefused() throws IOException {
    assertTrue(refusal(directory.resolve("missing")).contains("does not exist"));
    assertTrue(refusal(directory).contains("not a regular file"));
    assertTrue(refusal(Files.createFile(directory.resolve("empty"))).contains("empty"));
    Path large = Files.write(directory.resolve("large"), new byte[(64 << 10) + 1]);
    assertTrue(refusal(large).contains("65536"));
  }

  @Test
  void credentialsAreLookedForInTheirDirectory() throws IOException {
    Files.writeString(directory.resolve("model"), "secret");
    CredentialKeyProvider provider =
        new CredentialKeyProvider(new HeapMemory(), Optional.of(directory));
    assertTrue(
        provider
            .probe(KeyReference.parse("credential:model"), NO_SERVER)
            .finding()
            .contains("credential model"));
    assertThrows(
        KeyReferenceException.class,
        () -> provider.probe(KeyReference.parse("credential:../model"), NO_SERVER));
    assertThrows(
        KeyReferenceException.class,
        () ->
            new CredentialKeyProvider(new HeapMemory(), Optional.empty())
                .probe(KeyReference.parse("credential:model"), NO_SERVER));
  }

  @Test
  void aDescriptorIsOnlyLookedFor() throws IOException {
    FdKeyProvider provider =
        new FdKeyProvider(
            new HeapMemory(),
            descriptor -> {
              throw new AssertionError("it was opened");
            });
    assertTrue(provider.probe(KeyReference.parse("fd:0"), NO_SERVER).finding().contains("open"));
    assertThrows(
        KeyReferenceException.class,
        () -> provider.probe(KeyReference.parse("fd:999999"), NO_SERVER));
  }
}
