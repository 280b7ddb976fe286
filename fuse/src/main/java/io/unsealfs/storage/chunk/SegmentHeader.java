package io.unsealfs.storage.chunk;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The 64 bytes before a cached segment (object-storage.md section 4, "DiskChunkCache"); numbers are
 * big-endian. Immutable.
 */
final class SegmentHeader {
  /** Bytes before the payload. */
  static final int SIZE = 64;

  /** Bytes of the truncated MAC. */
  static final int MAC_SIZE = 16;

  /** There is a MAC. */
  static final int FLAG_MAC = 1;

  private static final byte[] MAGIC = "USFCHNK1".getBytes(StandardCharsets.US_ASCII);
  private static final int CHECKED_SIZE = 36;
  private static final int HASH_SIZE = 8;

  private final byte[] checked;
  private final int flags;
  private final int payloadCrc;
  private final byte[] mac;

  private SegmentHeader(byte[] checked, int flags, int payloadCrc, byte[] mac) {
    this.checked = checked;
    this.flags = flags;
    this.payloadCrc = payloadCrc;
    this.mac = mac;
  }

  /** Bytes 0 to 35, which the checksum at 36 and the MAC cover; not to be changed. */
  byte[] checked() {
    return checked;
  }

  /** Bit 0: there is a MAC. */
  int flags() {
    return flags;
  }

  /** CRC32C of the payload. */
  int payloadCrc() {
    return payloadCrc;
  }

  /** 16 bytes, zeros without a MAC; not to be changed. */
  byte[] mac() {
    return mac;
  }

  /** The header of {@code id} with this payload, without MAC so far. */
  static SegmentHeader of(SegmentId id, int flags, int payloadCrc) {
    byte[] checked =
        ByteBuffer.allocate(CHECKED_SIZE)
            .put(MAGIC)
            .put(id.objectHash(), 0, HASH_SIZE)
            .putLong(id.segment())
            .putInt(id.payloadLength())
            .putInt(flags)
            .putInt(payloadCrc)
            .array();
    return new SegmentHeader(checked, flags, payloadCrc, new byte[MAC_SIZE]);
  }

  /** The same with its MAC. */
  SegmentHeader withMac(byte[] tag) {
    return new SegmentHeader(checked, flags, payloadCrc, tag);
  }

  /** The bytes of the file. */
  byte[] encode() {
    CRC32C crc = new CRC32C();
    crc.update(checked);
    return ByteBuffer.allocate(SIZE).put(checked).putInt((int) crc.getValue()).put(mac).array();
  }

  /**
   * Reads one back.
   *
   * @param bytes the first 64 of the file
   * @return empty unless it is the header of {@code id}, every bit of it
   */
  static Optional<SegmentHeader> parse(byte[] bytes, SegmentId id) {
    if (bytes.length != SIZE) {
      return Optional.empty();
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    int flags = in.getInt(28);
    byte[] mac = Arrays.copyOfRange(bytes, 40, 40 + MAC_SIZE);
    SegmentHeader header = of(id, flags, in.getInt(32)).withMac(mac);
    boolean known = (flags & ~FLAG_MAC) == 0 && Arrays.equals(header.encode(), bytes);
    return known ? Optional.of(header) : Optional.empty();
  }
}
