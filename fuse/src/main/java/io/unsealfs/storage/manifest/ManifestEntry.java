package io.unsealfs.storage.manifest;

import io.unsealfs.storage.chunk.ContentPin;
import io.unsealfs.storage.object.ObjectVersion;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One object of a manifest; its digests stay where they lie in the manifest. */
final class ManifestEntry implements ContentPin {
  /** Of the digest over all digests: enough to tell any two contents apart. */
  private static final int TAG_BYTES = 16;

  private final byte[] manifest;
  private final int digestsAt;
  private final long size;
  private final long modifiedMillis;
  private volatile @Nullable String tag; // made when it is first asked for

  /**
   * An object of {@code size} bytes.
   *
   * @param digestsAt where the digests of its chunks begin in {@code manifest}; all are there
   */
  ManifestEntry(byte[] manifest, int digestsAt, long size, long modifiedMillis) {
    this.manifest = manifest;
    this.digestsAt = digestsAt;
    this.size = size;
    this.modifiedMillis = modifiedMillis;
  }

  /** Chunks of an object. */
  static long chunks(long size) {
    return Math.ceilDiv(size, (long) CHUNK_BYTES);
  }

  /** What stands for its content in place of an entity tag: the same for the same bytes. */
  String tag() {
    String known = tag;
    if (known == null) {
      known = newTag();
      tag = known; // whoever else does so finds the same
    }
    return known;
  }

  private String newTag() {
    MessageDigest digest = Digests.sha256();
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(size).flip());
    digest.update(manifest, digestsAt, Math.toIntExact(chunks(size)) * Digests.SIZE);
    return HexFormat.of().formatHex(Arrays.copyOf(digest.digest(), TAG_BYTES));
  }

  /** The object as a listing would tell it. */
  ObjectVersion version(String key) {
    return new ObjectVersion(key, size, Optional.of(tag()), modifiedMillis, false);
  }

  @Override
  public boolean matches(int chunk, ByteBuffer ciphertext) {
    int length = ciphertext.remaining();
    long start = (long) chunk * CHUNK_BYTES;
    if (chunk < 0 || start >= size || length != Math.min(CHUNK_BYTES, size - start)) {
      return false;
    }
    MessageDigest digest = Digests.sha256();
    digest.update(ciphertext);
    byte[] actual = digest.digest();
    int at = digestsAt + chunk * Digests.SIZE;
    return Arrays.equals(actual, 0, Digests.SIZE, manifest, at, at + Digests.SIZE);
  }
}
