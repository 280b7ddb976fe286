package io.unsealfs.storage.manifest;

import io.unsealfs.storage.chunk.ContentPin;
import io.unsealfs.storage.object.KeyFault;
import io.unsealfs.storage.object.KeyRules;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the ciphertext of a volume is, object by object. Parsed before it can be known to be
 * genuine, so everything in it is bounded; whether it is, {@link #isSealedBy} says once the volume
 * can be opened. Immutable.
 *
 * <p>Numbers are big-endian: {@code USFMANI1}; when it was made, seconds since 1970 (8); bytes of a
 * chunk (4); objects (4); then each object in the order of the bytes of its name: length of the
 * name (2), the name relative to the prefix in UTF-8, size (8), last change in milliseconds since
 * 1970 (8), SHA-256 of each chunk; last the seal, HMAC-SHA-256 over all before it. An image is one
 * object without a name.
 */
public final class Manifest {
  /** Largest manifest: of four terabytes and more. */
  public static final int BYTES_MOST = 512 << 20;

  static final byte[] MAGIC = "USFMANI1".getBytes(StandardCharsets.US_ASCII);

  /** Magic, time, bytes of a chunk, count. */
  static final int HEADER_SIZE = 8 + Long.BYTES + Integer.BYTES + Integer.BYTES;

  /** Of an object without its name and digests. */
  static final int ENTRY_SIZE = Short.BYTES + Long.BYTES + Long.BYTES;

  /** As many as a listing may have. */
  static final int OBJECTS_MOST = 4_000_000;

  private final byte[] file;
  private final long createdSeconds;
  private final Map<String, ManifestEntry> entries;

  private Manifest(byte[] file, long createdSeconds, Map<String, ManifestEntry> entries) {
    this.file = file;
    this.createdSeconds = createdSeconds;
    this.entries = entries;
  }

  /**
   * Reads one.
   *
   * @param file not to be changed any more
   * @throws ManifestException if it is malformed
   */
  public static Manifest parse(byte[] file) throws ManifestException {
    int end = file.length - ManifestKey.SEAL_SIZE;
    if (end < HEADER_SIZE || !Arrays.equals(file, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw bad("it does not begin like one, or is of another version");
    }
    if (file.length > BYTES_MOST) {
      throw bad("it has more than " + BYTES_MOST + " bytes");
    }
    ByteBuffer in = ByteBuffer.wrap(file, 0, end).position(MAGIC.length);
    long created = in.getLong();
    int chunkBytes = in.getInt();
    int count = in.getInt();
    if (created < 0) {
      throw bad("it was made before 1970");
    }
    if (chunkBytes != ContentPin.CHUNK_BYTES) {
      throw bad("its chunks have " + chunkBytes + " bytes, not " + ContentPin.CHUNK_BYTES);
    }
    if (count < 1 || count > OBJECTS_MOST || count > in.remaining() / ENTRY_SIZE) {
      throw bad("it cannot hold " + Integer.toUnsignedString(count) + " objects");
    }
    Map<String, ManifestEntry> entries = LinkedHashMap.newLinkedHashMap(count);
    byte @Nullable [] before = null;
    for (int i = 0; i < count; i++) {
      byte[] name = name(in, count == 1);
      if (before != null && Arrays.compareUnsigned(before, name) >= 0) {
        throw bad("its names are not in order");
      }
      before = name;
      entries.put(text(name), entry(file, in, name));
    }
    if (in.hasRemaining()) {
      throw bad("it is longer than its objects");
    }
    return new Manifest(file, created, entries);
  }

  private static byte[] name(ByteBuffer in, boolean alone) throws ManifestException {
    if (in.remaining() < ENTRY_SIZE) {
      throw cutShort();
    }
    int length = Short.toUnsignedInt(in.getShort());
    if (length > KeyRules.KEY_BYTES_MAX || (length == 0 && !alone)) {
      throw bad("a name of it has " + length + " bytes");
    }
    if (in.remaining() < length) {
      throw cutShort();
    }
    byte[] name = new byte[length];
    in.get(name);
    return name;
  }

  private static String text(byte[] name) throws ManifestException {
    String text = new String(name, StandardCharsets.UTF_8);
    if (!Arrays.equals(text.getBytes(StandardCharsets.UTF_8), name)) {
      throw bad("a name of it is no UTF-8");
    }
    Optional<KeyFault> fault = name.length == 0 ? Optional.empty() : KeyRules.judge("", text);
    if (fault.isPresent()) {
      throw bad("a name of it can be no file: " + fault.get());
    }
    return text;
  }

  private static ManifestEntry entry(byte[] file, ByteBuffer in, byte[] name)
      throws ManifestException {
    if (in.remaining() < ENTRY_SIZE - Short.BYTES) {
      throw cutShort();
    }
    long size = in.getLong();
    long modifiedMillis = in.getLong();
    boolean marker = name.length > 0 && name[name.length - 1] == '/';
    if (size < 0 || (marker && size > 0)) {
      throw bad("an object of it has " + size + " bytes");
    }
    long chunks = ManifestEntry.chunks(size);
    if (chunks > in.remaining() / Digests.SIZE) {
      throw cutShort();
    }
    int digestsAt = in.position();
    in.position(digestsAt + (int) chunks * Digests.SIZE);
    return new ManifestEntry(file, digestsAt, size, modifiedMillis);
  }

  private static ManifestException cutShort() {
    return bad("it is cut short");
  }

  private static ManifestException bad(String why) {
    return new ManifestException("no manifest that can be used: " + why);
  }

  /** Whether {@code other} is this very file. */
  public boolean isFile(byte[] other) {
    return Arrays.equals(file, other);
  }

  /** When it was made, seconds since 1970. */
  public long createdSeconds() {
    return createdSeconds;
  }

  /** Objects. */
  public int objects() {
    return entries.size();
  }

  /** Whether it is of one image, and not of what lies below a prefix. */
  public boolean isImage() {
    return entries.containsKey("");
  }

  /** The object of that name; empty if there is none. */
  Optional<ManifestEntry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /** All objects, in the order of their names. */
  Map<String, ManifestEntry> entries() {
    return entries;
  }

  /** {@code sha256:} and the digest of the whole file. */
  public String digest() {
    return "sha256:" + HexFormat.of().formatHex(Digests.sha256().digest(file));
  }

  /** Whether it was sealed with {@code key}. */
  public boolean isSealedBy(ManifestKey key) {
    int end = file.length - ManifestKey.SEAL_SIZE;
    return MessageDigest.isEqual(key.seal(file, end), Arrays.copyOfRange(file, end, file.length));
  }
}
