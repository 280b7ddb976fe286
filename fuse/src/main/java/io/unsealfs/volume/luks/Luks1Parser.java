package io.unsealfs.volume.luks;

import io.unsealfs.crypto.SectorCipher;
import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads a LUKS1 header (luks.md section 1). There is one copy and no checksum. */
final class Luks1Parser {
  private static final int SIZE = 592;
  private static final int SLOTS = 8;
  private static final int ACTIVE = 0x00AC71F3;
  private static final int INACTIVE = 0x0000DEAD;
  private static final int DIGEST_SIZE = 20;
  private static final int SALT_SIZE = 32;
  private static final long FIRST_MATERIAL = 1024;

  private final HeaderBytes device;
  private final boolean detached;
  private final ByteBuffer head;

  private Luks1Parser(HeaderBytes device, boolean detached) throws IOException {
    this.device = device;
    this.detached = detached;
    this.head = ByteBuffer.wrap(device.upTo(SIZE));
  }

  /**
   * The header; all that it covers is in memory then.
   *
   * @param detached whether the device holds nothing but the header
   */
  static LuksHeader parse(HeaderBytes device, boolean detached) throws IOException {
    return new Luks1Parser(device, detached).header();
  }

  private LuksHeader header() throws IOException {
    CipherSpec cipher = CipherSpec.of(text(8, 32) + "-" + text(40, 32), "data");
    HashSpec hash = HashSpec.of(text(72, 32), "key slots");
    int keySize = head.getInt(108);
    cipher.requireKeySize(keySize, "volume key");
    int iterations = Bounds.iterations(Integer.toUnsignedLong(head.getInt(164)), "digest");
    long payload = sectors(104);
    if (payload == 0 && !detached) {
      throw LuksHeader.bad("data offset 0 means a detached header: name the header (--header)");
    }
    List<KeySlot> slots = new ArrayList<>();
    for (int i = 0; i < SLOTS; i++) {
      int at = 208 + i * 48;
      int state = head.getInt(at);
      if (state == ACTIVE) {
        slots.add(slot(i, at, cipher, hash, keySize));
      } else if (state != INACTIVE) {
        throw LuksHeader.bad("key slot " + i + " is neither active nor inactive");
      }
    }
    Bounds.requireApart(slots);
    long end = payload == 0 ? endOf(slots) : payload;
    for (KeySlot slot : slots) {
      if (slot.areaEnd() > end) {
        throw LuksHeader.bad("key slot " + slot.number() + " lies in the data");
      }
    }
    device.upTo(end);
    Set<Integer> numbers = new HashSet<>();
    slots.forEach(slot -> numbers.add(slot.number()));
    KeyDigest digest =
        new KeyDigest(
            numbers, true, hash, iterations, bytes(132, SALT_SIZE), bytes(112, DIGEST_SIZE));
    return new LuksHeader(
        1,
        text(168, 40),
        "",
        "",
        keySize,
        new Segment(payload, Segment.DYNAMIC, cipher, SectorCipher.UNIT, 0),
        slots,
        List.of(digest),
        List.of(),
        end,
        List.of());
  }

  private KeySlot slot(int number, int at, CipherSpec cipher, HashSpec hash, int keySize)
      throws VolumeFormatException {
    String where = "key slot " + number;
    int iterations = Bounds.iterations(Integer.toUnsignedLong(head.getInt(at + 4)), where);
    if (head.getInt(at + 44) != AntiForensic.STRIPES) {
      throw LuksHeader.bad(where + ": not " + AntiForensic.STRIPES + " stripes");
    }
    long offset = sectors(at + 40);
    if (offset < FIRST_MATERIAL) {
      throw LuksHeader.bad(where + " lies in the header");
    }
    long size = Bounds.wholeSectors((long) keySize * AntiForensic.STRIPES);
    return new KeySlot(
        number,
        KeySlot.NORMAL_PRIORITY,
        keySize,
        offset,
        size,
        cipher,
        keySize,
        hash,
        new Kdf.Pbkdf2Kdf(hash, iterations, bytes(at + 8, SALT_SIZE)));
  }

  private static long endOf(List<KeySlot> slots) {
    long end = SIZE;
    for (KeySlot slot : slots) {
      end = Math.max(end, slot.areaEnd());
    }
    return end;
  }

  private long sectors(int at) {
    return Integer.toUnsignedLong(head.getInt(at)) * SectorCipher.UNIT;
  }

  private Octets bytes(int at, int length) {
    return new Octets(Arrays.copyOfRange(head.array(), at, at + length));
  }

  private String text(int at, int length) throws VolumeFormatException {
    return Bounds.text(head.array(), at, length);
  }
}
