package io.unsealfs.volume.luks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.block.BlockCache;
import io.unsealfs.block.ReadPolicy;
import io.unsealfs.storage.Source;
import io.unsealfs.vectors.Json;
import io.unsealfs.vectors.Vectors;
import io.unsealfs.volume.PinMismatchException;
import io.unsealfs.volume.SealedImage;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.VolumeInfo;
import io.unsealfs.volume.WrongKeyException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every shared image opens to the plaintext that the kernel saw, and to nothing else. */
class SharedImagesTest {
  private static final LuksOptions DEFAULTS = LuksOptions.defaults();

  static List<LuksVector> images() {
    return LuksVector.all();
  }

  static List<Json> mutations() {
    return Vectors.json("luks/mutations.json.gz").get("cases").items();
  }

  @ParameterizedTest
  @MethodSource("images")
  void the_plaintext_is_what_the_kernel_saw(LuksVector vector) throws Exception {
    for (Json key : vector.keys()) {
      int slot = key.get("slot").integer();
      assertEquals(
          vector.plaintextHash(),
          LuksVector.hashOf(
              vector.image(),
              vector.header(),
              LuksVector.passphrase(vector.passphrase(slot)),
              DEFAULTS.withSlot(slot)),
          () -> "slot " + slot);
    }
  }

  @ParameterizedTest
  @MethodSource("images")
  void the_volume_key_opens_without_a_passphrase(LuksVector vector) throws Exception {
    byte[] volumeKey = volumeKey(vector);
    assertEquals(
        vector.plaintextHash(),
        LuksVector.hashOf(vector.image(), vector.header(), LuksVector.raw(volumeKey), DEFAULTS));
    volumeKey[0] ^= 1;
    assertThrows(
        WrongKeyException.class,
        () ->
            LuksVector.hashOf(
                vector.image(), vector.header(), LuksVector.raw(volumeKey), DEFAULTS));
    assertThrows(
        WrongKeyException.class,
        () ->
            LuksVector.hashOf(
                vector.image(), vector.header(), LuksVector.raw(new byte[16]), DEFAULTS));
  }

  private static byte[] volumeKey(LuksVector vector) throws Exception {
    HeaderBytes device = new HeaderBytes(new ArraySource(vector.headerDevice()));
    boolean detached = vector.header().isPresent();
    LuksHeader header =
        vector.headerDevice()[7] == 1
            ? Luks1Parser.parse(device, detached)
            : Luks2Parser.parse(device, detached);
    int slot = vector.keys().getFirst().get("slot").integer();
    return new KeyFinding(
            header, device.upTo(header.end()), DEFAULTS.withSlot(slot), LuksVector.LIMITS)
        .find(LuksVector.passphrase(vector.passphrase(slot)));
  }

  @ParameterizedTest
  @MethodSource("images")
  void a_wrong_passphrase_is_told_from_a_bad_header(LuksVector vector) {
    if (vector.toString().contains("default")) {
      return; // a gigabyte of Argon2 to say the same
    }
    assertThrows(
        WrongKeyException.class,
        () ->
            LuksVector.hashOf(
                vector.image(),
                vector.header(),
                LuksVector.passphrase("wrong".getBytes(StandardCharsets.UTF_8)),
                DEFAULTS));
  }

  @Test
  void an_unbound_slot_never_opens_and_one_to_be_ignored_only_by_name() {
    LuksVector vector = LuksVector.named("luks2-slots");
    byte[] unbound = "second passphrase".getBytes(StandardCharsets.UTF_8);
    assertThrows(
        WrongKeyException.class,
        () ->
            LuksVector.hashOf(
                vector.image(), Optional.empty(), LuksVector.passphrase(unbound), DEFAULTS));
    assertThrows(
        VolumeFormatException.class,
        () ->
            LuksVector.hashOf(
                vector.image(),
                Optional.empty(),
                LuksVector.passphrase(unbound),
                DEFAULTS.withSlot(9)));
    assertThrows(
        WrongKeyException.class,
        () ->
            LuksVector.hashOf(
                vector.image(),
                Optional.empty(),
                LuksVector.passphrase(vector.passphrase(7)),
                DEFAULTS));
  }

  @ParameterizedTest
  @MethodSource("mutations")
  void a_changed_header_ends_as_it_has_to(Json mutation) throws Exception {
    LuksVector base = LuksVector.ofFile(mutation.get("base").text());
    byte[] image = base.image();
    if (mutation.has("cut")) {
      image = Arrays.copyOf(image, mutation.get("cut").integer());
    }
    for (Json patch : mutation.get("patches").items()) {
      byte[] bytes = patch.get("hex").hex();
      System.arraycopy(bytes, 0, image, patch.get("offset").integer(), bytes.length);
    }
    byte[] changed = image;
    for (byte[] passphrase : List.of(base.firstPassphrase(), new byte[] {'x'})) {
      boolean right = Arrays.equals(passphrase, base.firstPassphrase());
      switch (mutation.get("expect").text()) {
        case "refuse" ->
            assertThrows(
                VolumeFormatException.class,
                () ->
                    LuksVector.hashOf(
                        changed, Optional.empty(), LuksVector.passphrase(passphrase), DEFAULTS));
        case "ok" -> {
          if (right) {
            assertEquals(
                base.plaintextHash(),
                LuksVector.hashOf(
                    changed, Optional.empty(), LuksVector.passphrase(passphrase), DEFAULTS));
          } else {
            assertThrows(
                WrongKeyException.class,
                () ->
                    LuksVector.hashOf(
                        changed, Optional.empty(), LuksVector.passphrase(passphrase), DEFAULTS));
          }
        }
        default -> throw new AssertionError("unknown outcome of " + mutation.get("name").text());
      }
    }
  }

  @Test
  void no_byte_of_the_header_is_read_twice() throws Exception {
    for (LuksVector vector : LuksVector.all()) {
      if (vector.header().isPresent() || vector.toString().contains("default")) {
        continue;
      }
      ArraySource source = new ArraySource(vector.image());
      try (BlockCache cache = new BlockCache(8 << 20, 128 << 10, ReadPolicy.PLAIN);
          SealedImage image = new LuksFormat(DEFAULTS).read(source, Optional.empty());
          Source plaintext =
              image.unlock(
                  LuksVector.passphrase(vector.firstPassphrase()),
                  new VolumeContext(cache, LuksVector.LIMITS, warning -> {}))) {
        byte[] some = new byte[4096];
        assertEquals(some.length, plaintext.read(0, ByteBuffer.wrap(some)));
        int end = ((Number) property(image.info(), "header_size")).intValue();
        assertEquals(1, source.mostReads(end), vector::toString);
      }
      assertTrue(source.closed);
    }
  }

  @Test
  void the_digest_is_of_the_header_as_it_is_stored() throws Exception {
    LuksVector vector = LuksVector.named("luks2-cbc-essiv");
    try (SealedImage image =
        new LuksFormat(DEFAULTS).read(new ArraySource(vector.image()), Optional.empty())) {
      int end = ((Number) property(image.info(), "header_size")).intValue();
      byte[] hash = HashSpec.SHA256.digest().digest(Arrays.copyOf(vector.image(), end));
      assertEquals(
          "sha256:" + HexFormat.of().formatHex(hash), property(image.info(), "header_digest"));
    }
  }

  private static Object property(VolumeInfo info, String name) {
    Object value = info.properties().get(name);
    if (value == null) {
      throw new AssertionError("no " + name);
    }
    return value;
  }

  @Test
  void what_is_pinned_has_to_be_so() throws Exception {
    LuksVector vector = LuksVector.named("luks2-sector4096-keyfile");
    assertEquals(
        vector.plaintextHash(),
        LuksVector.hashOf(
            vector.image(),
            Optional.empty(),
            LuksVector.passphrase(vector.firstPassphrase()),
            pinned("aes-xts-plain64", 512, 4096, "argon2id", 0)));
    for (LuksOptions wrong :
        List.of(
            pinned("aes-xts-plain", 512, 4096, "argon2id", 0),
            pinned("aes-xts-plain64", 256, 4096, "argon2id", 0),
            pinned("aes-xts-plain64", 512, 512, "argon2id", 0),
            pinned("aes-xts-plain64", 512, 4096, "pbkdf2", 0),
            pinned("aes-xts-plain64", 512, 4096, "argon2id", 512))) {
      assertThrows(
          PinMismatchException.class,
          () ->
              LuksVector.hashOf(
                  vector.image(),
                  Optional.empty(),
                  LuksVector.passphrase(vector.firstPassphrase()),
                  wrong));
    }
  }

  /** Pins as the image has them, but for what differs; the data offset is moved by {@code by}. */
  private static LuksOptions pinned(String cipher, int bits, int sector, String kdf, long by)
      throws Exception {
    LuksVector vector = LuksVector.named("luks2-sector4096-keyfile");
    long offset;
    try (SealedImage image =
        new LuksFormat(DEFAULTS).read(new ArraySource(vector.image()), Optional.empty())) {
      offset = ((Number) property(image.info(), "data_offset")).longValue();
    }
    return new LuksOptions(
        Optional.of(cipher),
        OptionalInt.of(bits),
        OptionalInt.of(sector),
        Optional.of(kdf),
        Optional.empty(),
        OptionalInt.empty(),
        OptionalLong.of(offset + by),
        false,
        true,
        LuksOptions.DEFAULT_MAX_ITERATIONS,
        LuksOptions.DEFAULT_MAX_LANES,
        32,
        LuksOptions.DEFAULT_MAX_TIME);
  }

  @Test
  void the_splitter_undoes_itself() {
    byte[] key = new byte[64];
    Arrays.fill(key, (byte) 7);
    for (HashSpec hash : HashSpec.values()) {
      byte[] material = AntiForensic.split(key, hash, new java.security.SecureRandom());
      assertArrayEquals(key, AntiForensic.merge(material, key.length, hash));
      material[12345] ^= 1;
      assertTrue(!Arrays.equals(key, AntiForensic.merge(material, key.length, hash)));
    }
  }
}
