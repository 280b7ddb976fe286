package io.unsealfs.volume.luks;

import io.unsealfs.volume.PinMismatchException;
import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.util.List;

/** Compares a header with what its user demands of it, before it costs anything. */
final class LuksPins {
  private LuksPins() {}

  /**
   * Refuses a header that is not as demanded.
   *
   * @param tried the slots whose key derivation may run
   * @param keySize bytes of the key to be used
   */
  static void check(LuksHeader header, List<KeySlot> tried, int keySize, LuksOptions options)
      throws IOException {
    Segment segment = header.segment();
    if (options.cipher().isPresent() && !options.cipher().get().equals(segment.cipher().text)) {
      throw mismatch("cipher", segment.cipher(), options.cipher().get());
    }
    if (options.keyBits().isPresent() && options.keyBits().getAsInt() != 8 * keySize) {
      throw mismatch("key size", 8 * keySize, options.keyBits().getAsInt());
    }
    if (options.sectorSize().isPresent()
        && options.sectorSize().getAsInt() != segment.sectorSize()) {
      throw mismatch("sector size", segment.sectorSize(), options.sectorSize().getAsInt());
    }
    if (options.dataOffset().isPresent() && options.dataOffset().getAsLong() != segment.offset()) {
      throw mismatch("data offset", segment.offset(), options.dataOffset().getAsLong());
    }
    if (options.uuid().isPresent() && !options.uuid().get().equals(header.uuid())) {
      throw mismatch("UUID", Shown.text(header.uuid()), options.uuid().get());
    }
    if (options.kdf().isPresent()) {
      for (KeySlot slot : tried) {
        if (!options.kdf().get().equals(slot.kdf().type())) {
          throw mismatch("KDF of slot " + slot.number(), slot.kdf().type(), options.kdf().get());
        }
      }
    }
    if (segment.ivTweak() != 0 && !options.anyIvTweak()) {
      throw LuksHeader.bad(
          "the count of sectors begins at "
              + Long.toUnsignedString(segment.ivTweak())
              + " instead of 0 (--luks-any-iv-tweak accepts it)");
    }
    if (options.identicalCopies() && !header.notes().isEmpty()) {
      throw new VolumeFormatException(header.notes().getFirst() + " (--luks-identical-copies)");
    }
  }

  private static PinMismatchException mismatch(String what, Object actual, Object expected) {
    return new PinMismatchException(
        "the LUKS header has "
            + what
            + " "
            + actual
            + ", pinned is "
            + expected
            + "; this is another image, or its header was changed");
  }
}
