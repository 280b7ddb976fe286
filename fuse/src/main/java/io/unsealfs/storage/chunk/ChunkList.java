package io.unsealfs.storage.chunk;

import org.jspecify.annotations.Nullable;

/**
 * Chunks in the order of their last use, linked through themselves. Guarded by the store's lock.
 */
final class ChunkList {
  private @Nullable Chunk first;
  private @Nullable Chunk last;
  private long bytes;

  /** The one that was used longest ago. */
  @Nullable Chunk first() {
    return first;
  }

  /** Bytes of all chunks in it. */
  long bytes() {
    return bytes;
  }

  /** Puts {@code chunk} at the end, taking it from where it was. */
  void add(Chunk chunk) {
    remove(chunk);
    chunk.list = this;
    chunk.before = last;
    chunk.after = null;
    if (last == null) {
      first = chunk;
    } else {
      last.after = chunk;
    }
    last = chunk;
    bytes += chunk.length;
  }

  /** Takes {@code chunk} out of whatever list it is in. */
  static void remove(Chunk chunk) {
    ChunkList list = chunk.list;
    if (list == null) {
      return;
    }
    if (chunk.before == null) {
      list.first = chunk.after;
    } else {
      chunk.before.after = chunk.after;
    }
    if (chunk.after == null) {
      list.last = chunk.before;
    } else {
      chunk.after.before = chunk.before;
    }
    list.bytes -= chunk.length;
    chunk.before = null;
    chunk.after = null;
    chunk.list = null;
  }
}
