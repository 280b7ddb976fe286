package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code unsealfs bench} as a user runs it. */
class BenchCommandTest {
  @TempDir Path scratch;

  @Test
  void readsAVolumeOfTheUser() throws Exception {
    Path plain = Files.createDirectory(scratch.resolve("plain"));
    Files.write(plain.resolve("model"), new byte[3 << 20]);
    Files.write(plain.resolve("small"), new byte[10]);
    Path key = Secrets.file(scratch, "passphrase");
    Path volume = scratch.resolve("volume");
    Command.unsealfs(
            scratch,
            "encrypt",
            plain.toString(),
            volume.toString(),
            "--format",
            "gocryptfs",
            "--scrypt-n",
            "10",
            "--key",
            "file:" + key)
        .run()
        .assertStatus(0);

    Outcome outcome =
        Command.unsealfs(scratch, "bench", volume.toString(), "--key", "file:" + key, "--json")
            .run();

    outcome.assertStatus(0);
    assertTrue(outcome.out().contains("\"file_bytes\":" + (3 << 20)), outcome.out());
    assertTrue(outcome.out().contains("\"random_4k_parallel_per_s\":"), outcome.out());
    assertTrue(outcome.out().contains("XChaCha20-Poly1305"), outcome.out());
  }

  @Test
  void readsAnImageWithTheOptionsThatAMountHas() throws Exception {
    Path plain = Files.createDirectory(scratch.resolve("plain"));
    Files.write(plain.resolve("model"), new byte[3 << 20]);
    Path key = Secrets.file(scratch, "passphrase");
    Path volume = scratch.resolve("volume.img");
    Command.unsealfs(scratch, "encrypt", plain.toString(), volume.toString())
        .with("--format", "luks2", "--key", "file:" + key, "--luks-pbkdf", "pbkdf2")
        .run()
        .assertStatus(0);
    Command bench =
        Command.unsealfs(scratch, "bench", volume.toString(), "--json")
            .with("--format", "luks", "--key", "file:" + key, "--raw");

    Outcome outcome = bench.with("--luks-cipher", "aes-xts-plain64").run();

    outcome.assertStatus(0);
    assertTrue(outcome.out().contains("AES-256-XTS"), outcome.out());
    assertTrue(outcome.out().contains("\"read\":{\"file_bytes\":"), outcome.out());
    assertFalse(
        outcome.out().contains("\"file_bytes\":" + (3 << 20)), "the image, not the file in it");
    bench.with("--luks-uuid", "00000000-0000-0000-0000-000000000000").run().assertStatus(27);
  }

  @Test
  void refusesInOneLine() throws Exception {
    Outcome noKey = Command.unsealfs(scratch, "bench", scratch.toString()).run();
    assertEquals(1, noKey.err().lines().count(), noKey.err());
    noKey.assertStatus(2);
    Outcome noTime = Command.unsealfs(scratch, "bench", "--seconds", "0").run();
    noTime.assertStatus(2);
    assertFalse(noTime.err().isBlank());
  }
}
