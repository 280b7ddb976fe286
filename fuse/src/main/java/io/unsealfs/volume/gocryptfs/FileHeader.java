package io.unsealfs.volume.gocryptfs;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

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
   * The header of a stored file. One that is none is read once more where a copy of what is stored
   * elsewhere may be to blame.
   *
   * @throws IntegrityException if it is none
   */
  static FileHeader read(Source stored) throws IOException {
    try {
      return readOnce(stored);
    } catch (IntegrityException e) {
      if (!stored.distrust(0, SIZE)) {
        throw e;
      }
      return readOnce(stored);
    }
  }

  private static FileHeader readOnce(Source stored) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(SIZE);
    stored.read(0, bytes);
    return parse(Arrays.copyOf(bytes.array(), bytes.position()));
  }

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
