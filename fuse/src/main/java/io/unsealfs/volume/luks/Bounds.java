package io.unsealfs.volume.luks;

import io.unsealfs.crypto.SectorCipher;
import io.unsealfs.volume.VolumeFormatException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Limits that both versions of the header share (luks.md section 5). */
final class Bounds {
  private static final int LEAST_ITERATIONS = 1000;

  private Bounds() {}

  /** PBKDF2 iterations; what the caller can afford is decided later. */
  static int iterations(long value, String where) throws VolumeFormatException {
    if (value < LEAST_ITERATIONS || value > Integer.MAX_VALUE) {
      throw LuksHeader.bad(where + ": " + value + " iterations of pbkdf2, out of range");
    }
    return (int) value;
  }

  /** Rounds up to sectors of 512 bytes. */
  static long wholeSectors(long bytes) {
    return Math.ceilDiv(bytes, (long) SectorCipher.UNIT) * SectorCipher.UNIT;
  }

  /** Refuses areas that overlap. */
  static void requireApart(List<KeySlot> slots) throws VolumeFormatException {
    List<KeySlot> sorted = new ArrayList<>(slots);
    sorted.sort(Comparator.comparingLong(KeySlot::areaOffset));
    for (int i = 1; i < sorted.size(); i++) {
      if (sorted.get(i).areaOffset() < sorted.get(i - 1).areaEnd()) {
        throw LuksHeader.bad(
            "key slots "
                + sorted.get(i - 1).number()
                + " and "
                + sorted.get(i).number()
                + " overlap");
      }
    }
  }

  /** A text that ends with a NUL within its field. */
  static String text(byte[] bytes, int at, int length) throws VolumeFormatException {
    for (int i = 0; i < length; i++) {
      if (bytes[at + i] == 0) {
        return new String(bytes, at, i, StandardCharsets.ISO_8859_1);
      }
    }
    throw LuksHeader.bad("the text at byte " + at + " has no end");
  }
}
