package io.unsealfs.volume.luks;

import io.unsealfs.crypto.Argon2;
import io.unsealfs.crypto.SectorCipher;
import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the JSON of a LUKS2 header means, within the limits of luks.md section 5. */
final class Luks2Json {
  private static final int SALT_SIZE = 32;
  private static final int MAX_DIGESTS = 8;
  private static final int MAX_OTHER_KEY = 512;
  private static final long MAX_KEYSLOTS_SIZE = 128L << 20;
  private static final int ALIGNMENT = 4096;

  private final Luks2Copy copy;
  private final JsonObject json;
  private final HeaderBytes device;
  private final boolean detached;
  private final List<String> notes;

  Luks2Json(Luks2Copy copy, HeaderBytes device, boolean detached, List<String> notes) {
    this.copy = copy;
    this.json = copy.json();
    this.device = device;
    this.detached = detached;
    this.notes = notes;
  }

  LuksHeader header() throws IOException {
    requireNothingSpecial();
    long end = areasEnd();
    Segment segment = segment(end);
    List<KeyDigest> digests = digests();
    List<KeySlot> slots = new ArrayList<>();
    for (Map.Entry<Integer, JsonObject> entry : json.numbered("keyslots").entrySet()) {
      slots.add(slot(entry.getKey(), entry.getValue(), end));
    }
    Bounds.requireApart(slots);
    int keySize = requireBindings(slots, digests, segment);
    List<String> tokens = tokens(slots);
    device.upTo(end);
    return new LuksHeader(
        2,
        copy.uuid(),
        copy.label(),
        copy.subsystem(),
        keySize,
        segment,
        slots,
        digests,
        tokens,
        end,
        notes);
  }

  private void requireNothingSpecial() throws VolumeFormatException {
    JsonObject config = json.object("config");
    if (config.has("requirements")) {
      JsonObject requirements = config.object("requirements");
      if (requirements.has("mandatory")) {
        for (String word : requirements.strings("mandatory")) {
          throw LuksHeader.bad(
              word.contains("reencrypt")
                  ? "re-encryption in progress (" + Shown.text(word) + "): let cryptsetup end it"
                  : "requires " + Shown.text(word) + ", which is not supported");
        }
      }
    }
    if (config.decimal("json_size") != copy.size() - Luks2Copy.BINARY_SIZE) {
      throw LuksHeader.bad("config.json_size is not the size of the JSON area");
    }
  }

  /** End of the key-slot area, which the image has to reach. */
  private long areasEnd() throws VolumeFormatException {
    long size = json.object("config").decimal("keyslots_size");
    if (size % ALIGNMENT != 0 || size > MAX_KEYSLOTS_SIZE) {
      throw LuksHeader.bad("config.keyslots_size is " + size + ", which is out of range");
    }
    long end = 2L * copy.size() + size;
    if (!device.reaches(end)) {
      throw LuksHeader.bad(
          "cut off: header and key slots have "
              + end
              + " bytes, the file has "
              + device.deviceSize());
    }
    return end;
  }

  private Segment segment(long end) throws VolumeFormatException {
    Map<Integer, JsonObject> segments = json.numbered("segments");
    if (segments.size() != 1) {
      throw LuksHeader.bad(segments.size() + " data segments; exactly one is supported");
    }
    JsonObject segment = segments.values().iterator().next();
    String type = segment.string("type");
    if (!type.equals("crypt")) {
      throw LuksHeader.bad(
          "the data are not encrypted by software: segment type " + Shown.text(type));
    }
    if (segment.has("flags") && !segment.strings("flags").isEmpty()) {
      throw LuksHeader.bad(
          "segment flags "
              + Shown.text(String.join(",", segment.strings("flags")))
              + ": re-encryption in progress, or unknown");
    }
    if (segment.has("integrity")) {
      throw LuksHeader.bad(
          "integrity "
              + Shown.text(segment.object("integrity").string("type"))
              + " (dm-integrity) is not supported: copy the data into an image without it, or"
              + " into a sealed one");
    }
    CipherSpec cipher = CipherSpec.of(segment.string("encryption"), "data");
    int sectorSize = segment.integer("sector_size", SectorCipher.UNIT, 4096);
    if (Integer.bitCount(sectorSize) != 1) {
      throw LuksHeader.bad("sectors of " + sectorSize + " bytes");
    }
    long offset = segment.decimal("offset");
    long size = Segment.DYNAMIC;
    if (!segment.string("size").equals("dynamic")) {
      size = segment.decimal("size");
      if (size == 0 || size % sectorSize != 0) {
        throw LuksHeader.bad("data of " + size + " bytes are not whole sectors");
      }
    }
    if (offset % sectorSize != 0) {
      throw LuksHeader.bad("the data begin at byte " + offset + ", not where a sector does");
    }
    if (!detached && offset < end) {
      throw LuksHeader.bad(
          offset == 0
              ? "data offset 0 means a detached header: name the header (--header)"
              : "the data begin inside the key slots");
    }
    return new Segment(offset, size, cipher, sectorSize, segment.unsigned("iv_tweak"));
  }

  private List<KeyDigest> digests() throws VolumeFormatException {
    Map<Integer, JsonObject> all = json.numbered("digests");
    if (all.size() > MAX_DIGESTS) {
      throw LuksHeader.bad("more than " + MAX_DIGESTS + " digests");
    }
    Set<Integer> segments = json.numbered("segments").keySet();
    List<KeyDigest> digests = new ArrayList<>();
    for (JsonObject digest : all.values()) {
      String where = digest.where();
      if (!digest.string("type").equals("pbkdf2")) {
        throw LuksHeader.bad(where + ": type " + Shown.text(digest.string("type")));
      }
      HashSpec hash = HashSpec.of(digest.string("hash"), where);
      Octets value = new Octets(digest.base64("digest"));
      Octets salt = new Octets(digest.base64("salt"));
      if ((value.length() != 20 && value.length() != hash.size) || salt.length() != SALT_SIZE) {
        throw LuksHeader.bad(
            where
                + ": digest of "
                + value.length()
                + " and salt of "
                + salt.length()
                + " bytes; 20 or "
                + hash.size
                + ", and 32 belong there");
      }
      List<Integer> bound = digest.numbers("segments");
      if (!segments.containsAll(bound)) {
        throw LuksHeader.bad(where + " names a segment that is not there");
      }
      int iterations = Bounds.iterations(digest.integer("iterations", 0, Integer.MAX_VALUE), where);
      Set<Integer> slots = new HashSet<>(digest.numbers("keyslots"));
      digests.add(new KeyDigest(slots, !bound.isEmpty(), hash, iterations, salt, value));
    }
    return digests;
  }

  private KeySlot slot(int number, JsonObject slot, long end) throws VolumeFormatException {
    String where = slot.where();
    String type = slot.string("type");
    if (!type.equals("luks2")) {
      throw LuksHeader.bad(
          type.equals("reencrypt")
              ? where + ": re-encryption in progress: let cryptsetup end it"
              : where + ": type " + Shown.text(type) + " is not supported");
    }
    int keySize = slot.integer("key_size", 1, MAX_OTHER_KEY);
    int priority = slot.has("priority") ? slot.integer("priority", 0, 2) : KeySlot.NORMAL_PRIORITY;
    JsonObject area = slot.object("area");
    if (!area.string("type").equals("raw")) {
      throw LuksHeader.bad(area.where() + ": type " + Shown.text(area.string("type")));
    }
    CipherSpec cipher = CipherSpec.of(area.string("encryption"), where);
    int areaKeySize = area.integer("key_size", 1, MAX_OTHER_KEY);
    cipher.requireKeySize(areaKeySize, where);
    JsonObject split = slot.object("af");
    if (!split.string("type").equals("luks1")) {
      throw LuksHeader.bad(split.where() + ": type " + Shown.text(split.string("type")));
    }
    int _ = split.integer("stripes", AntiForensic.STRIPES, AntiForensic.STRIPES);
    HashSpec splitHash = HashSpec.of(split.string("hash"), where);
    long offset = area.decimal("offset");
    long size = area.decimal("size");
    long needed = Bounds.wholeSectors((long) keySize * AntiForensic.STRIPES);
    if (offset < 2L * copy.size() || offset > end || size > end - offset || size < needed) {
      throw LuksHeader.bad(
          where + ": " + size + " bytes at byte " + offset + " are not in the key-slot area");
    }
    Kdf kdf = kdf(slot.object("kdf"));
    return new KeySlot(
        number, priority, keySize, offset, size, cipher, areaKeySize, splitHash, kdf);
  }

  private static Kdf kdf(JsonObject kdf) throws VolumeFormatException {
    String where = kdf.where();
    String type = kdf.string("type");
    Octets salt = new Octets(kdf.base64("salt"));
    if (salt.length() != SALT_SIZE) {
      throw LuksHeader.bad(where + ": salt of " + salt.length() + " bytes, not " + SALT_SIZE);
    }
    return switch (type) {
      case "pbkdf2" -> {
        HashSpec hash = HashSpec.of(kdf.string("hash"), where);
        int iterations = kdf.integer("iterations", 0, Integer.MAX_VALUE);
        yield new Kdf.Pbkdf2Kdf(hash, Bounds.iterations(iterations, where), salt);
      }
      case "argon2i" -> new Kdf.Argon2Kdf(Argon2.Type.I, argon2(kdf), salt);
      case "argon2id" -> new Kdf.Argon2Kdf(Argon2.Type.ID, argon2(kdf), salt);
      default ->
          throw LuksHeader.bad(
              where
                  + ": "
                  + Shown.text(type)
                  + " is not supported: pbkdf2, argon2i and argon2id are");
    };
  }

  private static Argon2.Cost argon2(JsonObject kdf) throws VolumeFormatException {
    int lanes = kdf.integer("cpus", 1, 16);
    int passes = kdf.integer("time", 4, 1000);
    int memoryKib = kdf.integer("memory", Math.max(32, 8 * lanes), 4 << 20);
    return new Argon2.Cost(passes, memoryKib, lanes);
  }

  /** Every slot has one digest, the data have one; the size of their key. */
  private static int requireBindings(List<KeySlot> slots, List<KeyDigest> digests, Segment segment)
      throws VolumeFormatException {
    Set<Integer> numbers = new HashSet<>();
    slots.forEach(slot -> numbers.add(slot.number()));
    int keySize = 0;
    Set<Integer> seen = new HashSet<>();
    int segmentDigests = 0;
    for (KeyDigest digest : digests) {
      segmentDigests += digest.bindsSegment() ? 1 : 0;
      for (int number : digest.slots()) {
        if (!numbers.contains(number)) {
          throw LuksHeader.bad("a digest names key slot " + number + ", which is not there");
        }
        if (!seen.add(number)) {
          throw LuksHeader.bad("key slot " + number + " has two digests");
        }
      }
    }
    if (segmentDigests != 1) {
      throw LuksHeader.bad(segmentDigests + " digests for the key of the data; one belongs there");
    }
    for (KeySlot slot : slots) {
      if (!seen.contains(slot.number())) {
        throw LuksHeader.bad("key slot " + slot.number() + " has no digest");
      }
      if (isBound(slot, digests)) {
        segment.cipher().requireKeySize(slot.keySize(), "key slot " + slot.number());
        if (keySize != 0 && keySize != slot.keySize()) {
          throw LuksHeader.bad("key slots hold keys of different sizes for the same data");
        }
        keySize = slot.keySize();
      }
    }
    return keySize;
  }

  private static boolean isBound(KeySlot slot, List<KeyDigest> digests) {
    return digests.stream()
        .anyMatch(digest -> digest.bindsSegment() && digest.slots().contains(slot.number()));
  }

  private List<String> tokens(List<KeySlot> slots) throws VolumeFormatException {
    List<String> types = new ArrayList<>();
    for (JsonObject token : json.numbered("tokens").values()) {
      for (int number : token.numbers("keyslots")) {
        if (slots.stream().noneMatch(slot -> slot.number() == number)) {
          throw LuksHeader.bad(
              token.where() + " names key slot " + number + ", which is not there");
        }
      }
      types.add(token.string("type"));
    }
    return types;
  }
}
