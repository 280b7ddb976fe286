package io.unsealfs.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * A gocryptfs volume made for a test, quickly opened.
 *
 * @param path of the ciphertext
 * @param key as for {@code --key}
 */
record SmallVolume(Path path, String key) {
  static final String SECRET = "for this test only";

  /** One file, {@code file}, of so many bytes, and a directory with a small one. */
  static SmallVolume make(Path scratch, int bytes) throws IOException, InterruptedException {
    byte[] content = new byte[bytes];
    new Random(11).nextBytes(content);
    Path plain = Files.createDirectory(scratch.resolve("plain"));
    Files.write(plain.resolve("file"), content);
    Files.writeString(Files.createDirectory(plain.resolve("folder")).resolve("small"), "small\n");
    Path volume = scratch.resolve("volume");
    String key = Secrets.reference(scratch, SECRET);
    Command.unsealfs(scratch, "encrypt", plain.toString(), volume.toString())
        .with("--format", "gocryptfs", "--scrypt-n", "10", "--key", key)
        .run()
        .assertStatus(0);
    return new SmallVolume(volume, key);
  }

  /** The ciphertext of {@code file}: the only large one. */
  Path largestFile() throws IOException {
    try (var all = Files.walk(path)) {
      return all.filter(Files::isRegularFile)
          .max(java.util.Comparator.comparingLong(file -> file.toFile().length()))
          .orElseThrow();
    }
  }
}
