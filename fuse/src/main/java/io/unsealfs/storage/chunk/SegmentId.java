package io.unsealfs.storage.chunk;

import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.StoreLocation;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Which segment of which version of which object, without saying its name.
 *
 * @param objectHex SHA-256 over store, key and version, in hex
 * @param segment index
 * @param payloadLength bytes of the segment
 */
record SegmentId(String objectHex, int segment, int payloadLength) {
  /** Hex digits of the hash that name an object's directory. */
  static final int DIRECTORY_DIGITS = 32;

  /** The segment of an object of the store at {@code location}. */
  static SegmentId of(StoreLocation location, ObjectVersion version, int segment) {
    return of(objectHex(location, version), version.size(), segment);
  }

  /** The same where {@link #objectHex} is known. */
  static SegmentId of(String objectHex, long objectSize, int segment) {
    return new SegmentId(objectHex, segment, ChunkGrid.segmentLength(segment, objectSize));
  }

  /** What stands for an object of the store at {@code location}. */
  static String objectHex(StoreLocation location, ObjectVersion version) {
    return HexFormat.of().formatHex(hash(location, version));
  }

  private static byte[] hash(StoreLocation location, ObjectVersion version) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      put(digest, location.scheme());
      put(digest, location.endpoint());
      put(digest, location.bucket());
      put(digest, version.key());
      // a store without entity tags pins by time and size instead
      put(
          digest,
          version.etag().map(tag -> "tag " + tag).orElse("time " + version.modifiedMillis()));
      digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, version.size()));
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  /** With its length, so that no two lists of words give the same bytes. */
  private static void put(MessageDigest digest, String word) {
    byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
    digest.update(bytes);
  }

  /** The 32 bytes of the hash. */
  byte[] objectHash() {
    return HexFormat.of().parseHex(objectHex);
  }

  /** Name of the object's directory. */
  String directory() {
    return objectHex.substring(0, DIRECTORY_DIGITS);
  }

  /** Name of the segment's file. */
  String file() {
    return HexFormat.of().toHexDigits(segment);
  }
}
