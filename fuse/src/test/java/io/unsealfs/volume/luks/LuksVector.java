package io.unsealfs.volume.luks;

import io.unsealfs.block.BlockCache;
import io.unsealfs.block.ReadPolicy;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.storage.Source;
import io.unsealfs.vectors.Json;
import io.unsealfs.vectors.Vectors;
import io.unsealfs.volume.SealedImage;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/** One of the shared images, and opening images in tests. */
record LuksVector(Json entry) {
  static final VolumeLimits LIMITS = new VolumeLimits(2L << 30, 1L << 22);

  static List<LuksVector> all() {
    return Vectors.json("luks/manifest.json").get("images").items().stream()
        .map(LuksVector::new)
        .toList();
  }

  static LuksVector named(String name) {
    return all().stream().filter(v -> v.toString().equals(name)).findFirst().orElseThrow();
  }

  static LuksVector ofFile(String file) {
    return all().stream()
        .filter(v -> v.entry.get("image").text().equals(file))
        .findFirst()
        .orElseThrow();
  }

  byte[] image() throws IOException {
    return unpacked(entry.get("image").text());
  }

  Optional<byte[]> header() throws IOException {
    return entry.has("header")
        ? Optional.of(unpacked(entry.get("header").text()))
        : Optional.empty();
  }

  /** The bytes in which the header lies. */
  byte[] headerDevice() throws IOException {
    Optional<byte[]> header = header();
    return header.isPresent() ? header.get() : image();
  }

  String plaintextHash() {
    return entry.get("plain_sha256").text();
  }

  List<Json> keys() {
    return entry.get("keys").items();
  }

  byte[] passphrase(int slot) {
    return keys().stream()
        .filter(key -> key.get("slot").integer() == slot)
        .map(key -> Base64.getDecoder().decode(key.get("passphrase_b64").text()))
        .findFirst()
        .orElseThrow();
  }

  byte[] firstPassphrase() {
    return passphrase(keys().getFirst().get("slot").integer());
  }

  private static byte[] unpacked(String file) throws IOException {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(Vectors.path("luks/" + file)))) {
      return in.readAllBytes();
    }
  }

  static VolumeKey passphrase(byte[] bytes) {
    return new VolumeKey.Passphrase(LockedMemory.copyOf(bytes));
  }

  static VolumeKey raw(byte[] bytes) {
    return new VolumeKey.RawKey(LockedMemory.copyOf(bytes));
  }

  /** Opens an image and hashes its plaintext. */
  static String hashOf(byte[] image, Optional<byte[]> header, VolumeKey key, LuksOptions options)
      throws IOException {
    try (key;
        BlockCache cache = new BlockCache(8 << 20, 128 << 10, ReadPolicy.PLAIN);
        SealedImage sealed =
            new LuksFormat(options).read(new ArraySource(image), header.map(ArraySource::new));
        Source plaintext = sealed.unlock(key, new VolumeContext(cache, LIMITS, warning -> {}))) {
      return hash(plaintext);
    }
  }

  static String hash(Source plaintext) throws IOException {
    MessageDigest digest = HashSpec.SHA256.digest();
    byte[] chunk = new byte[1 << 20];
    for (long at = 0; at < plaintext.size(); ) {
      int length = plaintext.read(at, ByteBuffer.wrap(chunk));
      digest.update(chunk, 0, length);
      at += length;
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  @Override
  public String toString() {
    return entry.get("name").text();
  }
}
