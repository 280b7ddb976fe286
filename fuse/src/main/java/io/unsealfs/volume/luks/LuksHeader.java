package io.unsealfs.volume.luks;

import io.unsealfs.volume.VolumeFormatException;
import java.util.List;

/**
 * A header that was found in order. Nothing in it is authenticated: see luks.md section 6.
 *
 * @param version 1 or 2
 * @param keySize bytes of the volume key
 * @param end bytes from the start of the header device that the header covers, key slots included
 * @param notes oddities that do not stop it from being read
 */
record LuksHeader(
    int version,
    String uuid,
    String label,
    String subsystem,
    int keySize,
    Segment segment,
    List<KeySlot> slots,
    List<KeyDigest> digests,
    List<String> tokens,
    long end,
    List<String> notes) {

  /** Most bytes of a header that are read into memory: LUKS2 with its largest areas. */
  static final long MAX_SIZE = (128L << 20) + (8L << 20);

  LuksHeader {
    slots = List.copyOf(slots);
    digests = List.copyOf(digests);
    tokens = List.copyOf(tokens);
    notes = List.copyOf(notes);
  }

  /** The digest of the data's key. */
  KeyDigest segmentDigest() throws VolumeFormatException {
    for (KeyDigest digest : digests) {
      if (digest.bindsSegment()) {
        return digest;
      }
    }
    throw bad("no digest for the key of the data");
  }

  /** What every refusal of a header looks like. */
  static VolumeFormatException bad(String why) {
    return new VolumeFormatException("LUKS header: " + why);
  }
}
