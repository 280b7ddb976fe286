package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.IntegrityException;
import java.nio.ByteBuffer;

/**
 * The first 18 bytes of a file that is not empty: version, then the random id that binds the blocks
 * to it (gocryptfs.md section 4).
 *
 * @param idHigh first 8 bytes of the file id
 * @param idLow last 8 bytes of the file id
 */
record FileHeader(long idHigh, long idLow) {
  static final int SIZE = 18;
  private static final int VERSION = 2;

  /**
   * The header in {@code bytes}.
   *
   * @throws IntegrityException if it is none
   */
  static FileHeader parse(byte[] bytes) throws IntegrityException {
    if (bytes.length != SIZE) {
      throw new IntegrityException("the file header is cut short");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    int version = buffer.getShort() & 0xffff;
    FileHeader header = new FileHeader(buffer.getLong(), buffer.getLong());
    if (version != VERSION) {
      throw new IntegrityException("the file header has version " + version + " instead of 2");
    }
    if (header.idHigh == 0 && header.idLow == 0) {
      throw new IntegrityException("the file id in the header is zero");
    }
    return header;
  }

  byte[] toBytes() {
    return ByteBuffer.allocate(SIZE)
        .putShort((short) VERSION)
        .putLong(idHigh)
        .putLong(idLow)
        .array();
  }
}
