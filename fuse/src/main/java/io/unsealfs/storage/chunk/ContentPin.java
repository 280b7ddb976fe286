package io.unsealfs.storage.chunk;

/** What the content of an object has to be, chunk by chunk. Thread-safe. */
@FunctionalInterface
public interface ContentPin {
  /** Bytes of a chunk; the last one of an object has what is left. */
  int CHUNK_BYTES = ChunkGrid.CHUNK_BYTES;

  /**
   * Whether the first {@code length} bytes of {@code ciphertext} are that chunk.
   *
   * @param length of the chunk
   */
  boolean matches(int chunk, byte[] ciphertext, int length);
}
