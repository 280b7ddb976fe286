package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a program that reads through the mount sees when the storage misbehaves. */
@EachTransport
class DamageThroughMountTest {
  private static final String FILE = "big/128KiB-plus-1.bin";
  private static final int SIZE = (128 << 10) + 1;
  private static final int BLOCKS = 33;
  private static final byte[] CONTENT = VectorVolume.content(FILE, SIZE);

  @TempDir Path scratch;
  private Path volume = Path.of("");
  private Path ciphertext = Path.of("");
  private String key = "";

  private final String transport;

  DamageThroughMountTest(String transport) {
    this.transport = transport;
  }

  @BeforeEach
  void unpack() throws IOException, InterruptedException {
    Needs.fuse();
    VectorVolume vector = VectorVolume.named("deterministic-names");
    volume = vector.unpack(scratch);
    ciphertext = CiphertextFile.ofSize(volume, SIZE);
    key = Secrets.reference(scratch, vector.password());
  }

  /** One block read by one call, or what the call failed with. */
  private static void assertBlock(FileChannel channel, int block) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(CiphertextFile.BLOCK);
    int from = block * CiphertextFile.BLOCK;
    int expected = Math.min(CiphertextFile.BLOCK, SIZE - from);
    assertEquals(expected, channel.read(buffer, from), "bytes of block " + block);
    assertArrayEquals(
        Arrays.copyOfRange(CONTENT, from, from + expected),
        Arrays.copyOf(buffer.array(), expected),
        "block " + block);
  }

  private static void assertFails(String errorText, Executable call) {
    IOException error = assertThrows(IOException.class, call);
    assertTrue(String.valueOf(error.getMessage()).contains(errorText), error::toString);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 31, 32})
  void aFlippedByteIsAnErrorForExactlyItsBlock(int damaged)
      throws IOException, InterruptedException {
    long at = damaged == 32 ? CiphertextFile.offset(32) + 16 : CiphertextFile.offset(damaged) + 9;
    CiphertextFile.flipByte(ciphertext, at);
    try (Mounted mounted = Mounted.mount(scratch, volume, "--key", key, "--transport", transport);
        FileChannel channel = FileChannel.open(mounted.resolve(FILE), StandardOpenOption.READ)) {
      for (int round = 0; round < 2; round++) {
        for (int block = 0; block < BLOCKS; block++) {
          if (block == damaged) {
            int position = block * CiphertextFile.BLOCK;
            assertFails(
                "Input/output error", () -> channel.read(ByteBuffer.allocate(10), position));
          } else {
            assertBlock(channel, block);
          }
        }
      }
      assertFails("Input/output error", () -> Files.readAllBytes(mounted.resolve(FILE)));
      List<String> damages =
          mounted.log().stream().filter(line -> line.contains("damaged")).toList();
      assertEquals(1, damages.size(), "once per file: " + mounted.log());
      String line = damages.getFirst();
      String location = volume.relativize(ciphertext).toString();
      assertTrue(line.contains(location), "the ciphertext path " + location + ": " + line);
      assertTrue(
          line.contains(Long.toString(CiphertextFile.offset(damaged))),
          "the ciphertext offset " + CiphertextFile.offset(damaged) + ": " + line);
      assertFalse(String.join("\n", mounted.log()).contains("128KiB"), "no plaintext name");
    }
  }

  @Test
  void thePlaintextNameIsLoggedWhenAskedFor() throws IOException, InterruptedException {
    CiphertextFile.flipByteOfBlock(ciphertext, 7);
    try (Mounted mounted =
        Mounted.mount(scratch, volume, "--key", key, "--transport", transport, "-o", "log_names")) {
      assertFails("Input/output error", () -> Files.readAllBytes(mounted.resolve(FILE)));
      assertTrue(String.join("\n", mounted.log()).contains(FILE), mounted.log()::toString);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 17})
  void aDamagedFileHeaderIsAnErrorForEveryReadButNotForStat(int offset)
      throws IOException, InterruptedException {
    CiphertextFile.flipByte(ciphertext, offset);
    try (Mounted mounted = Mounted.mount(scratch, volume, "--key", key, "--transport", transport)) {
      assertEquals(SIZE, Files.size(mounted.resolve(FILE)));
      assertFails("Input/output error", () -> Files.readAllBytes(mounted.resolve(FILE)));
      assertFails(
          "Input/output error",
          () -> {
            try (FileChannel channel =
                FileChannel.open(mounted.resolve(FILE), StandardOpenOption.READ)) {
              channel.read(ByteBuffer.allocate(1), SIZE - 1);
            }
          });
      assertEquals(0, Files.size(mounted.resolve("empty.bin")));
    }
  }

  @Test
  void swappedBlocksAreErrors() throws IOException, InterruptedException {
    byte[] bytes = Files.readAllBytes(ciphertext);
    int size = (int) (CiphertextFile.offset(1) - CiphertextFile.offset(0));
    byte[] second =
        Arrays.copyOfRange(bytes, (int) CiphertextFile.offset(2), (int) CiphertextFile.offset(3));
    System.arraycopy(
        bytes, (int) CiphertextFile.offset(9), bytes, (int) CiphertextFile.offset(2), size);
    System.arraycopy(second, 0, bytes, (int) CiphertextFile.offset(9), size);
    Files.write(ciphertext, bytes);
    try (Mounted mounted = Mounted.mount(scratch, volume, "--key", key, "--transport", transport);
        FileChannel channel = FileChannel.open(mounted.resolve(FILE), StandardOpenOption.READ)) {
      for (int block = 0; block < BLOCKS; block++) {
        if (block == 2 || block == 9) {
          int position = block * CiphertextFile.BLOCK;
          assertFails("Input/output error", () -> channel.read(ByteBuffer.allocate(1), position));
        } else {
          assertBlock(channel, block);
        }
      }
    }
  }

  @Test
  void aCiphertextFileRewrittenUnderTheMountIsStale() throws IOException, InterruptedException {
    byte[] old = Files.readAllBytes(ciphertext);
    try (Mounted mounted = Mounted.mount(scratch, volume, "--key", key, "--transport", transport)) {
      assertEquals(SIZE, Files.size(mounted.resolve(FILE)));
      // the same bytes of plaintext, longer by a block of another version
      Files.write(ciphertext, Arrays.copyOf(old, old.length - 40));
      assertFails("Stale file handle", () -> Files.readAllBytes(mounted.resolve(FILE)));
    }
  }

  @Test
  void aCiphertextFileReplacedUnderTheMountIsStale() throws IOException, InterruptedException {
    Path other = scratch.resolve("other");
    Files.copy(ciphertext, other);
    try (Mounted mounted = Mounted.mount(scratch, volume, "--key", key, "--transport", transport)) {
      assertEquals(SIZE, Files.size(mounted.resolve(FILE)));
      Files.move(other, ciphertext, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      assertFails("Stale file handle", () -> Files.readAllBytes(mounted.resolve(FILE)));
    }
  }

  @Test
  void aPipeInPlaceOfAFileMakesNobodyWait() throws IOException, InterruptedException {
    try (Mounted mounted = Mounted.mount(scratch, volume, "--key", key, "--transport", transport)) {
      assertEquals(SIZE, Files.size(mounted.resolve(FILE)));
      Files.delete(ciphertext);
      new Command(scratch, "mkfifo", ciphertext.toString()).run().assertStatus(0);
      Outcome outcome =
          new Command(scratch, "timeout", "-s", "KILL", "30", "cat")
              .with(mounted.resolve(FILE).toString())
              .run();
      assertNotEquals(137, outcome.status(), "cat had to be killed");
      assertNotEquals(0, outcome.status(), "cat read a pipe");
      assertEquals("", outcome.out());
      // the daemon is still there for the other files
      assertEquals(0, Files.size(mounted.resolve("empty.bin")));
    }
  }

  @Test
  void aLinkInPlaceOfAFileIsNotFollowed() throws IOException, InterruptedException {
    Path secret = Files.writeString(scratch.resolve("secret"), "x".repeat(5000));
    try (Mounted mounted = Mounted.mount(scratch, volume, "--key", key, "--transport", transport)) {
      assertEquals(SIZE, Files.size(mounted.resolve(FILE)));
      Files.delete(ciphertext);
      Files.createSymbolicLink(ciphertext, secret);
      assertThrows(IOException.class, () -> Files.readAllBytes(mounted.resolve(FILE)));
    }
  }

  @Test
  void everyKindOfWriteIsRefusedAsReadOnly() throws IOException, InterruptedException {
    try (Mounted mounted = Mounted.mount(scratch, volume, "--key", key, "--transport", transport)) {
      Path file = mounted.resolve(FILE);
      List<Executable> writes =
          List.of(
              () -> Files.createFile(mounted.resolve("new")),
              () -> Files.createDirectory(mounted.resolve("newdir")),
              () -> Files.createSymbolicLink(mounted.resolve("newlink"), Path.of("x")),
              () -> Files.createLink(mounted.resolve("newhard"), file),
              () -> Files.delete(file),
              () -> Files.move(file, mounted.resolve("moved")),
              () -> Files.write(file, new byte[1], StandardOpenOption.WRITE),
              () -> Files.write(file, new byte[0], StandardOpenOption.TRUNCATE_EXISTING),
              () -> Files.setLastModifiedTime(file, java.nio.file.attribute.FileTime.fromMillis(0)),
              () ->
                  Files.setPosixFilePermissions(
                      file, java.nio.file.attribute.PosixFilePermissions.fromString("rwx------")));
      for (int i = 0; i < writes.size(); i++) {
        FileSystemException error = assertThrows(FileSystemException.class, writes.get(i));
        assertEquals("Read-only file system", error.getReason(), "write number " + i);
      }
    }
  }
}
