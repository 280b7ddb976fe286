package io.unsealfs.soak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * An encrypted volume of known content.
 *
 * @param key a {@code --key}
 */
record SoakVolume(Path ciphertext, String key) {

  static SoakVolume make(SoakPlan plan, Path scratch)
      throws IOException, InterruptedException, SoakFailure {
    Path plain = scratch.resolve("plain");
    KnownContent.make(plain, plan.largestBytes(), new Random(plan.seed()));
    Path key =
        Files.createFile(
            scratch.resolve("key"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(key, "of a soak only");
    SoakVolume volume = new SoakVolume(scratch.resolve("volume"), "file:" + key);
    Path log = scratch.resolve("encrypt.log");
    Process encrypt =
        plan.unsealfs(
                List.of(
                    "encrypt",
                    plain.toString(),
                    volume.ciphertext().toString(),
                    "--format",
                    "gocryptfs",
                    "--scrypt-n=10",
                    "--key",
                    volume.key()))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!encrypt.waitFor(10, TimeUnit.MINUTES) || encrypt.exitValue() != 0) {
      encrypt.destroyForcibly();
      throw new SoakFailure("the volume cannot be made:\n" + Files.readString(log));
    }
    Scratch.delete(plain);
    return volume;
  }
}
