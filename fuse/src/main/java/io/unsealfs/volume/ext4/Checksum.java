package io.unsealfs.volume.ext4;

import java.util.zip.CRC32C;

/**
 * One run of ext4's CRC-32C: reflected, no final inversion. The JDK's class begins with all ones
 * and cannot be given another state; but four bytes lead from any state to any other, so a state is
 * kept as the four bytes that lead to it.
 */
final class Checksum {
  private static final int POLYNOMIAL = 0x82f63b78;
  private static final byte[] ZEROS = new byte[8];

  private final CRC32C crc = new CRC32C();

  /** Begins with all ones. */
  Checksum() {}

  /** Begins with the state {@code seed}. */
  static Checksum from(Seed seed) {
    Checksum checksum = new Checksum();
    return checksum.int32(seed.prefix());
  }

  /**
   * A state to begin with.
   *
   * @param prefix the four bytes, as a little-endian integer, that lead to it from all ones
   */
  record Seed(int prefix) {
    static Seed ofState(int state) {
      int s = state;
      for (int bit = 0; bit < 32; bit++) {
        s = s < 0 ? ((s ^ POLYNOMIAL) << 1) | 1 : s << 1;
      }
      return new Seed(~s);
    }
  }

  Checksum bytes(byte[] bytes, int from, int length) {
    crc.update(bytes, from, length);
    return this;
  }

  /** Stands for a field that counts as zero: at most eight bytes. */
  Checksum zeros(int length) {
    crc.update(ZEROS, 0, length);
    return this;
  }

  /** Four bytes, little-endian. */
  Checksum int32(int value) {
    for (int shift = 0; shift < 32; shift += 8) {
      crc.update(value >> shift);
    }
    return this;
  }

  /** Eight bytes, little-endian. */
  Checksum int64(long value) {
    return int32((int) value).int32((int) (value >> 32));
  }

  /** The state. */
  int state() {
    return (int) ~crc.getValue();
  }
}
