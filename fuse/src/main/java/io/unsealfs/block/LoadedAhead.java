package io.unsealfs.block;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Extents that were loaded ahead and that nobody has asked for yet, held for their reader. They are
 * kept out of the index because its eviction policy prefers what was read before: in a full cache
 * it would drop them before the reader arrives, and every extent would be decrypted twice. Bounded
 * in bytes; the longest waiting ones make room, since their reader most likely went elsewhere.
 * Thread-safe; the lock covers a few map operations only.
 */
final class LoadedAhead {
  private final long capacity;
  private final Map<BlockKey, Extent> waiting = new LinkedHashMap<>(); // guarded by this
  private long bytes; // guarded by this
  private boolean closed; // guarded by this

  LoadedAhead(long capacity) {
    this.capacity = capacity;
  }

  /** Takes a hold on {@code extent} and keeps it, unless it is too large or there already. */
  void put(BlockKey key, Extent extent) {
    List<Extent> dropped = new ArrayList<>();
    synchronized (this) {
      if (closed || extent.length() > capacity || waiting.containsKey(key) || !extent.tryPin()) {
        return;
      }
      waiting.put(key, extent);
      bytes += extent.length();
      Iterator<Extent> oldest = waiting.values().iterator();
      while (bytes > capacity) {
        Extent extentToDrop = oldest.next();
        oldest.remove();
        bytes -= extentToDrop.length();
        dropped.add(extentToDrop);
      }
    }
    dropped.forEach(Extent::unpin);
  }

  /** Hands the extent over together with its hold, or null. */
  synchronized @Nullable Extent take(BlockKey key) {
    Extent extent = waiting.remove(key);
    if (extent != null) {
      bytes -= extent.length();
    }
    return extent;
  }

  synchronized boolean contains(BlockKey key) {
    return waiting.containsKey(key);
  }

  /** Drops everything; nothing is kept any more. */
  void close() {
    List<Extent> dropped;
    synchronized (this) {
      closed = true;
      dropped = new ArrayList<>(waiting.values());
      waiting.clear();
      bytes = 0;
    }
    dropped.forEach(Extent::unpin);
  }
}
