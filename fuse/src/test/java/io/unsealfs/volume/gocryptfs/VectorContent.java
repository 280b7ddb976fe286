package io.unsealfs.volume.gocryptfs;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The computable content of the files in the shared volumes (README of the vectors). */
final class VectorContent {
  /** Seed of the files in the shared volumes. */
  static final String VOLUMES = "unsealfs/gocryptfs/shared/1";

  /** Seed of the long blocks in kat.json. */
  static final String KNOWN_ANSWERS = "unsealfs/gocryptfs/kat";

  private VectorContent() {}

  /** The first {@code size} bytes of the file {@code path} made from {@code seed}. */
  static byte[] of(String seed, String path, int size) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      ByteBuffer content = ByteBuffer.allocate(size);
      for (long i = 0; content.hasRemaining(); i++) {
        sha256.update(seed.getBytes(StandardCharsets.US_ASCII));
        sha256.update((byte) 0);
        sha256.update(path.getBytes(StandardCharsets.UTF_8));
        sha256.update((byte) 0);
        sha256.update(ByteBuffer.allocate(8).putLong(0, i));
        content.put(sha256.digest(), 0, Math.min(32, content.remaining()));
      }
      byte[] bytes = new byte[size];
      content.flip().get(bytes);
      return bytes;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
