package io.unsealfs.key.file;

import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.SecretTerms;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;

/**
 * Reads a channel to its end into secret memory. The buffer is direct and its own: a heap buffer
 * would leave the bytes in the JDK's per-thread transfer buffers.
 */
final class SecretReader {
  /** Largest local secret in bytes. */
  static final int MAX_BYTES = 64 << 10;

  private SecretReader() {}

  static Secret read(ReadableByteChannel channel, String what, SecretMemory memory)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_BYTES + 1);
    byte[] bytes = new byte[0];
    try {
      while (buffer.hasRemaining() && channel.read(buffer) >= 0) {}
      if (!buffer.hasRemaining()) {
        throw new KeyReferenceException(
            "%s holds more than %d bytes: too long for a key".formatted(what, MAX_BYTES));
      }
      bytes = new byte[buffer.flip().remaining()];
      buffer.get(bytes);
      if (bytes.length == 0) {
        throw new KeyReferenceException(what + " is empty: it holds no key");
      }
      return new Secret(memory.copyOf(bytes), SecretTerms.NONE);
    } finally {
      Arrays.fill(bytes, (byte) 0);
      buffer.clear();
      while (buffer.hasRemaining()) {
        buffer.put((byte) 0);
      }
    }
  }
}
