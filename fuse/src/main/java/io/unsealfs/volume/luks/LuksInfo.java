package io.unsealfs.volume.luks;

import io.unsealfs.storage.Name;
import io.unsealfs.volume.VolumeInfo;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code info} shows of a LUKS header. */
final class LuksInfo {
  private LuksInfo() {}

  static VolumeInfo of(LuksHeader header, byte[] headerBytes, long dataSize) {
    Segment segment = header.segment();
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("version", header.version());
    shown.put("uuid", printable(header.uuid()));
    if (header.version() == 2) {
      shown.put("label", printable(header.label()));
      shown.put("subsystem", printable(header.subsystem()));
    }
    shown.put("cipher", segment.cipher().text);
    shown.put("key_bits", 8 * header.keySize());
    shown.put("sector_size", segment.sectorSize());
    shown.put("data_offset", segment.offset());
    shown.put(
        "data_size",
        segment.size() == Segment.DYNAMIC
            ? Math.max(0, dataSize - segment.offset()) / segment.sectorSize() * segment.sectorSize()
            : segment.size());
    if (segment.ivTweak() != 0) {
      shown.put("iv_tweak", Long.toUnsignedString(segment.ivTweak()));
    }
    List<String> slots = new ArrayList<>();
    header.slots().forEach(slot -> slots.add(text(slot, header)));
    shown.put("key_slots", slots);
    shown.put("tokens", header.tokens().stream().map(LuksInfo::printable).toList());
    shown.put("header_size", header.end());
    shown.put("header_digest", digest(headerBytes, header.end()));
    shown.put("integrity", "none");
    shown.put("notes", header.notes());
    return new VolumeInfo("luks", shown);
  }

  private static String text(KeySlot slot, LuksHeader header) {
    boolean bound =
        header.digests().stream()
            .anyMatch(digest -> digest.bindsSegment() && digest.slots().contains(slot.number()));
    String priority =
        switch (slot.priority()) {
          case KeySlot.NO_PRIORITY -> ", only when named";
          case KeySlot.MOST_PRIORITY -> ", preferred";
          default -> "";
        };
    return slot.number()
        + ": "
        + slot.kdf().cost()
        + ", "
        + 8 * slot.keySize()
        + " bits"
        + priority
        + (bound ? "" : ", not for these data");
  }

  /** Of all bytes that the header covers, as they are stored. */
  private static String digest(byte[] headerBytes, long end) {
    MessageDigest digest = HashSpec.SHA256.digest();
    digest.update(headerBytes, 0, Math.toIntExact(end));
    return "sha256:" + HexFormat.of().formatHex(digest.digest());
  }

  private static String printable(String foreign) {
    return Name.of(foreign).toString();
  }
}
