package io.unsealfs.e2e;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Images encrypted by the real cryptsetup, without device-mapper. */
final class Cryptsetup {
  /** What a plaintext image has to be longer than its content, for truncate(1). */
  static final String HEADER_ROOM = "4M";

  private Cryptsetup() {}

  /** Encrypts {@code image} in place, at a low cost per passphrase. Asks for root. */
  static Outcome encrypt(
      Path scratch,
      Path image,
      Path key,
      String cipher,
      int bits,
      int sectorSize,
      String pbkdf,
      String hash)
      throws IOException, InterruptedException {
    List<String> cost =
        pbkdf.equals("pbkdf2")
            ? List.of("--pbkdf-force-iterations", "1000")
            : List.of("--pbkdf-force-iterations", "4", "--pbkdf-memory", "1024");
    return new Command(
            scratch,
            "cryptsetup",
            "reencrypt",
            "--encrypt",
            "-q",
            "--type",
            "luks2",
            "--force-offline-reencrypt",
            "--reduce-device-size",
            HEADER_ROOM,
            "--luks2-metadata-size",
            "16k",
            "--luks2-keyslots-size",
            "512k",
            "--cipher",
            cipher,
            "--key-size",
            String.valueOf(bits),
            "--sector-size",
            String.valueOf(sectorSize),
            "--pbkdf",
            pbkdf,
            "--hash",
            hash,
            "--key-file",
            key.toString(),
            image.toString())
        .with(cost.toArray(String[]::new))
        .run();
  }
}
