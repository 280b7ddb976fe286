package io.unsealfs.storage.local;

import io.unsealfs.os.OutputFile;
import io.unsealfs.os.SystemCallException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The memory one worker copies through: a chunk of plaintext on the heap, where the ciphers want
 * it, and direct memory for the kernel.
 */
public final class TransferChunk {
  /** Most plaintext bytes of a chunk; a multiple of 4096. */
  public static final int CAPACITY = 1 << 20;

  private final byte[] plaintext = new byte[CAPACITY];
  private final ByteBuffer direct = ByteBuffer.allocateDirect(CAPACITY);
  private byte[] stored = {};
  private int length;

  TransferChunk() {}

  /** The plaintext; {@link #length()} bytes of it count. */
  public byte[] plaintext() {
    return plaintext;
  }

  /** Plaintext bytes of this chunk. */
  public int length() {
    return length;
  }

  /** An empty buffer over the plaintext for {@code bytes} of it. */
  ByteBuffer fill(int bytes) {
    length = bytes;
    return ByteBuffer.wrap(plaintext, 0, bytes);
  }

  /** Room for {@code bytes} of the stored form, with whatever was in it before. */
  public byte[] stored(int bytes) {
    if (stored.length < bytes) {
      stored = new byte[bytes];
    }
    return stored;
  }

  /** Writes {@code count} bytes of {@code source} to {@code file} at {@code offset}. */
  public void write(OutputFile file, byte[] source, int sourceOffset, int count, long offset)
      throws SystemCallException {
    int done = 0;
    while (done < count) {
      int part = Math.min(count - done, direct.capacity());
      direct.clear().put(source, sourceOffset + done, part).flip();
      file.write(direct, offset + done);
      done += part;
    }
  }

  /** Wipes the plaintext. */
  void wipe() {
    Arrays.fill(plaintext, (byte) 0);
    direct.clear();
    while (direct.hasRemaining()) {
      direct.put((byte) 0);
    }
  }
}
