package io.unsealfs.volume.luks;

import io.unsealfs.crypto.AesXts;
import io.unsealfs.crypto.Argon2;
import io.unsealfs.crypto.Deadline;
import io.unsealfs.crypto.SectorCipher;
import io.unsealfs.crypto.SectorIv;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import io.unsealfs.volume.WrongKeyException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.UUID;

/** Header and key slot of a new image, as cryptsetup lays them out, and the cipher of its data. */
final class NewHeader implements AutoCloseable {
  /**
   * Where the data begin: as in images made by cryptsetup, so that there is room for more slots.
   */
  static final long DATA_OFFSET = 16L << 20;

  private static final int HEADER_SIZE = 16 << 10;
  private static final int AREA_OFFSET = 2 * HEADER_SIZE;
  private static final int AREA_ALIGNMENT = 4096;
  private static final int KEY_SIZE = 64;
  private static final int SALT_SIZE = 32;

  /** The volume key is random, so guessing it is hopeless however cheap a guess is. */
  private static final int DIGEST_ITERATIONS = 100_000;

  private final byte[] bytes;
  private final AesXts dataCipher;

  private NewHeader(byte[] bytes, AesXts dataCipher) {
    this.bytes = bytes;
    this.dataCipher = dataCipher;
  }

  /** Both copies of the header, and the key slot; the rest up to the data is zeros. */
  byte[] bytes() {
    return bytes;
  }

  AesXts dataCipher() {
    return dataCipher;
  }

  static NewHeader create(VolumeKey key, LuksWriter.Stretching stretching, SecureRandom random)
      throws IOException {
    return create(key, stretching, random, DATA_OFFSET, DIGEST_ITERATIONS);
  }

  static NewHeader create(
      VolumeKey key,
      LuksWriter.Stretching stretching,
      SecureRandom random,
      long dataOffset,
      int digestIterations)
      throws IOException {
    byte[] given = key.use(byte[]::clone);
    byte[] volumeKey = {};
    try {
      boolean raw = key instanceof VolumeKey.RawKey;
      if (raw && given.length != KEY_SIZE) {
        throw new WrongKeyException(
            "the raw key has " + given.length + " bytes, a LUKS2 image made here takes 64");
      }
      if (given.length == 0) {
        throw new WrongKeyException("an empty passphrase protects nothing; give another");
      }
      volumeKey = raw ? given.clone() : random(random, KEY_SIZE);
      byte[] bytes = new byte[AREA_OFFSET + (raw ? 0 : areaSize())];
      String slots = raw ? "" : slot(given, volumeKey, stretching, random, bytes);
      String json = json(slots, digest(volumeKey, !raw, random, digestIterations), dataOffset);
      String uuid = UUID.randomUUID().toString();
      putCopy(bytes, 0, Luks2Copy.PRIMARY_MAGIC, json, uuid, random);
      putCopy(bytes, HEADER_SIZE, Luks2Copy.SECONDARY_MAGIC, json, uuid, random);
      return new NewHeader(bytes, new AesXts(volumeKey, SectorIv.PLAIN64, LuksWriter.SECTOR_SIZE));
    } finally {
      Arrays.fill(given, (byte) 0);
      Arrays.fill(volumeKey, (byte) 0);
    }
  }

  /** Stores the key in slot 0 and says so in JSON. */
  private static String slot(
      byte[] passphrase,
      byte[] volumeKey,
      LuksWriter.Stretching stretching,
      SecureRandom random,
      byte[] header)
      throws IOException {
    byte[] salt = random(random, SALT_SIZE);
    Kdf kdf = kdf(stretching, new Octets(salt));
    kdf.requireAffordable(LuksOptions.defaults(), new VolumeLimits(Long.MAX_VALUE, Long.MAX_VALUE));
    byte[] slotKey = kdf.derive(passphrase, KEY_SIZE, Deadline.never());
    byte[] material = AntiForensic.split(volumeKey, HashSpec.SHA256, random);
    try (AesXts cipher = new AesXts(slotKey, SectorIv.PLAIN64, SectorCipher.UNIT);
        AesXts.XtsWorker worker = cipher.borrow()) {
      worker.encrypt(0, material, 0, material.length, header, AREA_OFFSET);
    } finally {
      Arrays.fill(slotKey, (byte) 0);
      Arrays.fill(material, (byte) 0);
    }
    String cost =
        switch (kdf) {
          case Kdf.Argon2Kdf argon2 ->
              "\"type\":\"argon2id\",\"time\":"
                  + argon2.argon2().passes()
                  + ",\"memory\":"
                  + argon2.argon2().memoryKib()
                  + ",\"cpus\":"
                  + argon2.argon2().lanes();
          case Kdf.Pbkdf2Kdf pbkdf2 ->
              "\"type\":\"pbkdf2\",\"hash\":\"sha256\",\"iterations\":" + pbkdf2.iterations();
        };
    return "\"0\":{\"type\":\"luks2\",\"key_size\":"
        + KEY_SIZE
        + ",\"af\":{\"type\":\"luks1\",\"stripes\":4000,\"hash\":\"sha256\"},\"area\":{\"type\":"
        + "\"raw\",\"offset\":\""
        + AREA_OFFSET
        + "\",\"size\":\""
        + areaSize()
        + "\",\"encryption\":\"aes-xts-plain64\",\"key_size\":"
        + KEY_SIZE
        + "},\"kdf\":{"
        + cost
        + ",\"salt\":\""
        + base64(salt)
        + "\"}}";
  }

  private static Kdf kdf(LuksWriter.Stretching stretching, Octets salt)
      throws VolumeFormatException {
    return stretching.argon2()
        ? new Kdf.Argon2Kdf(
            Argon2.Type.ID,
            new Argon2.Cost(stretching.passes(), stretching.memoryKib(), stretching.lanes()),
            salt)
        : new Kdf.Pbkdf2Kdf(
            HashSpec.SHA256, Bounds.iterations(stretching.iterations(), "new key slot"), salt);
  }

  private static String digest(
      byte[] volumeKey, boolean slot, SecureRandom random, int iterations) {
    byte[] salt = random(random, SALT_SIZE);
    byte[] digest =
        HashSpec.SHA256.pbkdf2.derive(volumeKey, salt, iterations, HashSpec.SHA256.size);
    return "\"0\":{\"type\":\"pbkdf2\",\"keyslots\":["
        + (slot ? "\"0\"" : "")
        + "],\"segments\":[\"0\"],\"hash\":\"sha256\",\"iterations\":"
        + iterations
        + ",\"salt\":\""
        + base64(salt)
        + "\",\"digest\":\""
        + base64(digest)
        + "\"}";
  }

  private static String json(String slots, String digest, long dataOffset) {
    return "{\"keyslots\":{"
        + slots
        + "},\"tokens\":{},\"segments\":{\"0\":{\"type\":\"crypt\",\"offset\":\""
        + dataOffset
        + "\",\"size\":\"dynamic\",\"iv_tweak\":\"0\",\"encryption\":\"aes-xts-plain64\","
        + "\"sector_size\":"
        + LuksWriter.SECTOR_SIZE
        + "}},\"digests\":{"
        + digest
        + "},\"config\":{\"json_size\":\""
        + (HEADER_SIZE - Luks2Copy.BINARY_SIZE)
        + "\",\"keyslots_size\":\""
        + (dataOffset - AREA_OFFSET)
        + "\"}}";
  }

  /** Writes one copy, checksum and all (luks.md section 3). */
  private static void putCopy(
      byte[] header, int offset, byte[] magic, String json, String uuid, SecureRandom random) {
    ByteBuffer copy = ByteBuffer.wrap(header, offset, HEADER_SIZE).slice();
    copy.put(0, magic);
    copy.putShort(6, (short) 2);
    copy.putLong(8, HEADER_SIZE);
    copy.putLong(16, 1);
    copy.put(72, ascii("sha256"));
    copy.put(104, random(random, 64));
    copy.put(168, ascii(uuid));
    copy.putLong(256, offset);
    copy.put(Luks2Copy.BINARY_SIZE, ascii(json));
    putChecksum(header, offset);
  }

  /** Makes the checksum of the copy at {@code offset} hold. */
  static void putChecksum(byte[] header, int offset) {
    Arrays.fill(header, offset + 448, offset + 512, (byte) 0);
    MessageDigest checksum = HashSpec.SHA256.digest();
    checksum.update(header, offset, HEADER_SIZE);
    System.arraycopy(checksum.digest(), 0, header, offset + 448, HashSpec.SHA256.size);
  }

  private static int areaSize() {
    return Math.ceilDiv(KEY_SIZE * AntiForensic.STRIPES, AREA_ALIGNMENT) * AREA_ALIGNMENT;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static byte[] random(SecureRandom random, int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return bytes;
  }

  @Override
  public void close() {
    dataCipher.close();
  }
}
