package io.unsealfs.storage.chunk;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The array behind a chunk, with a count of its users: the request that fills it, the chunk whose
 * content it is, readers who copy from it. The last one gives it back.
 */
final class Slab {
  private final byte[] ciphertext;
  private final SlabPool pool;
  private final AtomicInteger users = new AtomicInteger(1);

  Slab(byte[] ciphertext, SlabPool pool) {
    this.ciphertext = ciphertext;
    this.pool = pool;
  }

  /** The bytes; only for users. */
  byte[] ciphertext() {
    return ciphertext;
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
      pool.recycle(ciphertext);
    } else if (left < 0) {
      throw new IllegalStateException("a slab was given back twice");
    }
  }
}
