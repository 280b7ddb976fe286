package io.unsealfs.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Images encrypted by the real qemu-img. */
final class QemuImg {
  /**
   * How often qemu-img may try. To choose an iteration count it takes its own processor time for
   * some milliseconds of PBKDF2 and gives up if that is zero, which it often is where the kernel
   * counts in ticks: up to half of all tries of a cheap hash, however idle the machine.
   */
  private static final int MOST_TRIES = 100;

  private static final String CLOCK_TOO_COARSE = "Unable to get accurate CPU usage";

  private QemuImg() {}

  /**
   * Encrypts the raw image {@code plain} into a new LUKS1 image {@code image}, at a low cost per
   * passphrase.
   *
   * @param options further creation options, such as {@code cipher-mode=cbc}
   */
  static void encrypt(Path scratch, Path plain, Path image, Path key, String... options)
      throws IOException, InterruptedException {
    Command convert =
        new Command(
            scratch,
            "qemu-img",
            "convert",
            "--object",
            "secret,id=k,file=" + key,
            "-O",
            "luks",
            "-o",
            "key-secret=k,iter-time=10," + String.join(",", options),
            plain.toString(),
            image.toString());
    Outcome made = convert.run();
    for (int tries = 1; made.err().contains(CLOCK_TOO_COARSE) && tries < MOST_TRIES; tries++) {
      Files.deleteIfExists(image);
      made = convert.run();
    }
    made.assertStatus(0);
  }
}
