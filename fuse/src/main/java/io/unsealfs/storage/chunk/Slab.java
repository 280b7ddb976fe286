package io.unsealfs.storage.chunk;

import io.unsealfs.os.BufferMemory;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The memory behind a chunk, with a count of its users: the request that fills it, the chunk whose
 * content it is, readers who copy from it. The last one gives it back.
 */
final class Slab {
  private final int length;
  private final SlabPool pool;
  private final AtomicInteger users = new AtomicInteger(1);

  /** Set by whoever fills it; others see it through the chunk whose content it becomes. */
  private @Nullable ByteBuffer ciphertext;

  /** What is behind it, if that is not an array. */
  private @Nullable BufferMemory memory;

  Slab(int length, SlabPool pool) {
    this.length = length;
    this.pool = pool;
  }

  /**
   * The bytes; only for users, who share its position and must not use it. The memory is taken when
   * the first byte is about to arrive: of a request for eight chunks half of it would on average
   * lie there unused.
   */
  ByteBuffer ciphertext() {
    ByteBuffer bytes = ciphertext;
    if (bytes == null) {
      if (length == ChunkGrid.CHUNK_BYTES) {
        BufferMemory taken = pool.memory();
        memory = taken;
        bytes = taken.buffer();
      } else {
        bytes = ByteBuffer.allocate(length);
      }
      ciphertext = bytes;
    }
    return bytes;
  }

  /** One more user; the caller is one, or holds the monitor of a chunk that is. */
  void retain() {
    if (users.getAndIncrement() <= 0) {
      throw new IllegalStateException("a slab that was given back is used again");
    }
  }

  /** One user less. */
  void release() {
    int left = users.decrementAndGet();
    if (left == 0) {
      pool.recycle(length, memory);
    } else if (left < 0) {
      throw new IllegalStateException("a slab was given back twice");
    }
  }
}
