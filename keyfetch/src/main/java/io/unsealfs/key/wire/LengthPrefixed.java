package io.unsealfs.key.wire;

import java.nio.ByteBuffer;

/** Fields one after the other, each behind its length as a 4-byte big-endian integer. */
final class LengthPrefixed {
  private LengthPrefixed() {}

  static byte[] encode(byte[]... fields) {
    int size = 0;
    for (byte[] field : fields) {
      size = Math.addExact(size, Math.addExact(Integer.BYTES, field.length));
    }
    ByteBuffer out = ByteBuffer.allocate(size);
    for (byte[] field : fields) {
      out.putInt(field.length).put(field);
    }
    return out.array();
  }
}
