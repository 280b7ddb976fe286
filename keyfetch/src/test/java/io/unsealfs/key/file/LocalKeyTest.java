package io.unsealfs.key.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.attest.NoneAttester;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.KeyProvider;
import io.unsealfs.key.KeyReading;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.ServerTrust;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalKeyTest {
  private static final HeapMemory MEMORY = new HeapMemory();

  @TempDir private Path folder;

  private static byte[] fetch(KeyProvider provider, String scheme, String body) throws IOException {
    KeyReference reference =
        new KeyReference(scheme, body, KeyReading.KEYFILE, scheme + ":" + body);
    ServerTrust trust = new ServerTrust(Optional.empty(), List.of(), false);
    try (Secret secret = provider.fetch(reference, new NoneAttester(), trust)) {
      assertFalse(secret.terms().authenticated());
      return HeapMemory.bytes(secret);
    }
  }

  private static String refusal(KeyProvider provider, String scheme, String body) {
    return assertThrows(KeyReferenceException.class, () -> fetch(provider, scheme, body))
        .toString();
  }

  private String file(String name, byte[] content) throws IOException {
    return Files.write(folder.resolve(name), content).toString();
  }

  @Test
  void aFileIsReadWholeThroughLinksToo() throws Exception {
    FileKeyProvider provider = new FileKeyProvider(MEMORY);
    byte[] largest = new byte[64 << 10];
    largest[largest.length - 1] = 1;
    assertArrayEquals(largest, fetch(provider, "file", file("largest", largest)));
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("largest"));
    assertArrayEquals(largest, fetch(provider, "file", link.toString()));
  }

  @Test
  void filesThatHoldNoKeyAreRefused() throws Exception {
    FileKeyProvider provider = new FileKeyProvider(MEMORY);
    assertTrue(
        refusal(provider, "file", file("long", new byte[(64 << 10) + 1])).contains("too long"));
    assertTrue(refusal(provider, "file", file("empty", new byte[0])).contains("is empty"));
    assertTrue(refusal(provider, "file", folder + "/absent").contains("does not exist"));
    assertTrue(refusal(provider, "file", folder.toString()).contains("not a regular file"));
    assertTrue(refusal(provider, "file", "/dev/zero").contains("not a regular file"));
  }

  @Test
  void aFifoInPlaceOfAFileDoesNotHang() throws Exception {
    Path fifo = folder.resolve("fifo");
    assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
    assertTrue(refusal(new FileKeyProvider(MEMORY), "file", fifo.toString()).contains("use fd:"));
  }

  @Test
  void aDescriptorIsReadToItsEnd() throws Exception {
    Path file = Path.of(file("key", "from a descriptor".getBytes(UTF_8))).toRealPath();
    try (FileChannel open = FileChannel.open(file)) {
      assertTrue(open.isOpen());
      assertArrayEquals(
          "from a descriptor".getBytes(UTF_8),
          fetch(new FdKeyProvider(MEMORY), "fd", descriptorOf(file)));
    }
  }

  private static String descriptorOf(Path file) throws IOException {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path descriptor : descriptors) {
        try {
          if (Files.isSymbolicLink(descriptor) && Files.readSymbolicLink(descriptor).equals(file)) {
            return String.valueOf(descriptor.getFileName());
          }
        } catch (NoSuchFileException e) {
          // of another thread, which closed it meanwhile
        }
      }
    }
    throw new AssertionError("the open file has no descriptor");
  }

  @Test
  void aPipeIsReadThroughItsDescriptor() throws Exception {
    Process writer = new ProcessBuilder("printf", "from a pipe").start();
    try (var pipe = writer.getInputStream()) {
      // the writer's end is drained through the channel, as an inherited pipe would be
      assertArrayEquals(
          "from a pipe".getBytes(UTF_8),
          fetch(new FdKeyProvider(MEMORY, n -> Channels.newChannel(pipe)), "fd", "7"));
    }
    assertEquals(0, writer.waitFor());
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "x", "07", "99999999", "1 ", "../3"})
  void aDescriptorIsANumber(String body) {
    assertTrue(refusal(new FdKeyProvider(MEMORY), "fd", body).contains("takes the number"));
  }

  @Test
  void descriptorsThatAreNotOpenAreRefused() {
    assertTrue(refusal(new FdKeyProvider(MEMORY), "fd", "9999999").contains("is it open"));
    assertTrue(
        refusal(
                new FdKeyProvider(
                    MEMORY, n -> Channels.newChannel(new ByteArrayInputStream(new byte[0]))),
                "fd",
                "3")
            .contains("is empty"));
  }

  @Test
  void aCredentialIsAFileOfItsDirectory() throws Exception {
    assertTrue(file("model", new byte[] {1, 2}).endsWith("/model"));
    CredentialKeyProvider provider = new CredentialKeyProvider(MEMORY, Optional.of(folder));
    assertArrayEquals(new byte[] {1, 2}, fetch(provider, "credential", "model"));
    for (String name : new String[] {"..", ".", "../etc/passwd", "/etc/passwd", "a/b"}) {
      assertTrue(refusal(provider, "credential", name).contains("plain file name"));
    }
    assertTrue(
        refusal(new CredentialKeyProvider(MEMORY, Optional.empty()), "credential", "model")
            .contains("LoadCredential"));
  }

  @Test
  void aPromptGivesUtf8AndWipesWhatWasTyped() throws Exception {
    char[] typed = "größe 𝄞".toCharArray();
    assertArrayEquals(
        "größe 𝄞".getBytes(UTF_8),
        fetch(new PromptKeyProvider(MEMORY, prompt -> typed), "prompt", ""));
    assertArrayEquals(new char[typed.length], typed);
  }

  @Test
  void emptyAndUnencodablePassphrasesAreRefused() {
    assertTrue(
        refusal(new PromptKeyProvider(MEMORY, prompt -> new char[0]), "prompt", "")
            .contains("empty"));
    assertTrue(
        refusal(new PromptKeyProvider(MEMORY, prompt -> new char[] {'\ud800'}), "prompt", "")
            .contains("not valid text"));
  }
}
