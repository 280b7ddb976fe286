package io.unsealfs.volume.gocryptfs;

import io.unsealfs.storage.Name;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/** Names too long for a directory entry (gocryptfs.md section 7). */
final class LongNames {
  static final Name PREFIX = Name.of("gocryptfs.longname.");
  static final Name NAME_FILE_SUFFIX = Name.of(".name");

  /** Bytes of the largest {@code .name} file: 256 bytes of encrypted name in padded base64. */
  static final int MAX_NAME_FILE = 344;

  private final int limit;
  private final Base64Url base64;

  /**
   * The rule of a volume.
   *
   * @param limit encoded names longer than this many characters are long
   */
  LongNames(int limit, Base64Url base64) {
    this.limit = limit;
    this.base64 = base64;
  }

  boolean isLong(Name encoded) {
    return encoded.length() > limit;
  }

  /** The name under which the object is stored: {@code encoded}, or what stands for it. */
  Name storedName(Name encoded) {
    return isLong(encoded) ? objectName(encoded) : encoded;
  }

  /** The directory entry of the object with this long encoded name. */
  Name objectName(Name encoded) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(encoded.toBytes());
      return Name.of(PREFIX + base64.encode(hash).toString());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  /** The entry that holds the full encoded name of the object stored as {@code objectName}. */
  static Name nameFile(Name objectName) {
    return Name.of(join(objectName.toBytes(), NAME_FILE_SUFFIX.toBytes()));
  }

  /** The object that the {@code .name} file {@code nameFile} belongs to. */
  static Name objectOf(Name nameFile) {
    byte[] bytes = nameFile.toBytes();
    return Name.of(Arrays.copyOf(bytes, bytes.length - NAME_FILE_SUFFIX.length()));
  }

  private static byte[] join(byte[] a, byte[] b) {
    byte[] joined = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, joined, a.length, b.length);
    return joined;
  }
}
