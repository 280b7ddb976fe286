package io.unsealfs.storage.chunk;

import java.nio.ByteBuffer;

/** What the content of an object has to be, chunk by chunk. Thread-safe. */
@FunctionalInterface
public interface ContentPin {
  /** Bytes of a chunk; the last one of an object has what is left. */
  int CHUNK_BYTES = ChunkGrid.CHUNK_BYTES;

  /** Whether {@code ciphertext}, all that remains in it, is that chunk. */
  boolean matches(int chunk, ByteBuffer ciphertext);
}
