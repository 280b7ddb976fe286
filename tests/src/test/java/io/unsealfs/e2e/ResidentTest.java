package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.object.S3ProxyServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Resident mode from the command line, over a real volume. */
class ResidentTest {
  private static final int SIZE = 5_000_001;
  private static final int LAST_BLOCK = SIZE / CiphertextFile.BLOCK;

  @TempDir Path scratch;
  private final byte[] weights = new byte[SIZE];
  private Path volume = Path.of("");
  private String key = "";

  @BeforeEach
  void encrypt() throws IOException, InterruptedException {
    Needs.fuse();
    Needs.root();
    new Random(5).nextBytes(weights);
    Path plain = Files.createDirectory(scratch.resolve("plain"));
    Files.write(plain.resolve("weights.safetensors"), weights);
    volume = scratch.resolve("volume");
    key = Secrets.reference(scratch, "of this test only");
    Command.unsealfs(scratch, "encrypt", plain.toString(), volume.toString())
        .with("--format", "gocryptfs", "--scrypt-n", "10", "--key", key)
        .run()
        .assertStatus(0);
  }

  private Mounted mount(String options) throws IOException, InterruptedException {
    return Mounted.mount(scratch, volume, "--key", key, "--transport", "kernel", "-o", options);
  }

  /** What was said of it to whoever mounted, and in the log since. */
  private static List<String> said(Mounted mounted) throws IOException {
    return Stream.concat(mounted.outcome().err().lines(), mounted.log().stream())
        .filter(line -> line.contains("resident:") && !line.contains("touched ahead"))
        .toList();
  }

  @Test
  void autoTakesWhatFitsAndSaysSo() throws IOException, InterruptedException {
    try (Mounted mounted = mount("resident=auto:*.safetensors,resident_size=64M")) {
      for (int i = 0; i < 2; i++) {
        assertArrayEquals(weights, Files.readAllBytes(mounted.resolve("weights.safetensors")));
      }
      assertEquals(1, said(mounted).size(), mounted.log()::toString);
      assertTrue(
          said(mounted).getFirst().contains("resident: on: auto: 1 files of 6 MiB fit"),
          mounted.log()::toString);
      mounted.unmount();
      assertTrue(said(mounted).getLast().contains("1 filled"), mounted.log()::toString);
    }
  }

  @Test
  void autoLeavesAloneWhatDoesNotFit() throws IOException, InterruptedException {
    try (Mounted mounted = mount("resident=auto,resident_size=4M")) {
      assertArrayEquals(weights, Files.readAllBytes(mounted.resolve("weights.safetensors")));
      assertEquals(1, said(mounted).size(), mounted.log()::toString);
      assertTrue(said(mounted).getFirst().contains("resident: off: auto: "));
    }
  }

  @Test
  void aFlippedBitInTheLastBlockIsAnErrorForThatBlockOnly()
      throws IOException, InterruptedException {
    CiphertextFile.flipByte(
        CiphertextFile.ofSize(volume, SIZE), CiphertextFile.offset(LAST_BLOCK) + 20);
    try (Mounted mounted = mount("resident,resident_size=64M")) {
      FileChannel channel =
          FileChannel.open(mounted.resolve("weights.safetensors"), StandardOpenOption.READ);
      int sound = LAST_BLOCK * CiphertextFile.BLOCK;
      for (int i = 0; i < 2; i++) {
        ByteBuffer buffer = ByteBuffer.allocate(sound);
        while (buffer.hasRemaining() && channel.read(buffer, buffer.position()) > 0) {
          // until all of it is there
        }
        assertArrayEquals(Arrays.copyOf(weights, sound), buffer.array());
        IOException error =
            assertThrows(
                IOException.class, () -> channel.read(ByteBuffer.allocate(10), sound + 5L));
        assertTrue(String.valueOf(error.getMessage()).contains("Input/output error"));
      }
      channel.close();
      mounted.unmount();
      assertTrue(said(mounted).getLast().contains("0 filled, 1 given up"));
    }
  }

  @Test
  void aFileInALuksImageIsReadFromMemoryToo() throws IOException, InterruptedException {
    Needs.programs("mkfs.ext4");
    Path image = scratch.resolve("image");
    Command.unsealfs(scratch, "encrypt", scratch.resolve("plain").toString(), image.toString())
        .with("--format", "luks2", "--luks-pbkdf", "pbkdf2", "--key", key)
        .run()
        .assertStatus(0);
    volume = image;
    assertReadFromMemory(mount("resident,resident_size=64M"));
  }

  @Test
  void aFileInABucketIsReadFromMemoryToo() throws Exception {
    try (S3ProxyServer server =
        S3ProxyServer.start(Files.createDirectory(scratch.resolve("buckets")))) {
      server.bucket("models");
      server.upload("models", "volume", volume);
      assertReadFromMemory(
          Mounted.mount(
              scratch,
              "s3://models/volume",
              "--endpoint",
              server.openEndpoint(),
              "--path-style",
              "--credentials",
              "anonymous",
              "--key",
              key,
              "--transport",
              "kernel",
              "-o",
              "resident,resident_size=64M"));
    }
  }

  private void assertReadFromMemory(Mounted opened) throws IOException, InterruptedException {
    try (Mounted mounted = opened) {
      for (int i = 0; i < 2; i++) {
        assertArrayEquals(weights, Files.readAllBytes(mounted.resolve("weights.safetensors")));
      }
      mounted.unmount();
      assertTrue(said(mounted).getLast().contains("1 filled, 0 given up"), said(mounted)::toString);
    }
  }
}
