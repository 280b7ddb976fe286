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
 * in bytes. Thread-safe; the lock covers a few map operations only.
 */
final class LoadedAhead {
  private final boolean makesRoom;
  private final Map<BlockKey, Extent> waiting = new LinkedHashMap<>(); // guarded by this
  private long capacity; // guarded by this
  private long bytes; // guarded by this
  private boolean closed; // guarded by this
  // so that those who find nothing need no lock to learn it
  private volatile boolean empty = true;

  /**
   * An empty one.
   *
   * @param makesRoom whether the longest waiting extents make room for new ones, since their reader
   *     most likely went elsewhere; otherwise new ones are refused
   */
  LoadedAhead(long capacity, boolean makesRoom) {
    this.capacity = capacity;
    this.makesRoom = makesRoom;
  }

  /** Takes a hold on {@code extent} and keeps it; false if it is too large or there already. */
  boolean put(BlockKey key, Extent extent) {
    List<Extent> dropped;
    synchronized (this) {
      long room = makesRoom ? capacity : capacity - bytes;
      if (closed || extent.length() > room || waiting.containsKey(key) || !extent.tryPin()) {
        return false;
      }
      waiting.put(key, extent);
      bytes += extent.length();
      empty = false;
      dropped = dropBeyondCapacity();
    }
    dropped.forEach(Extent::unpin);
    return true;
  }

  /** Hands the extent over together with its hold, or null. */
  @Nullable Extent take(BlockKey key) {
    if (empty) {
      return null;
    }
    synchronized (this) {
      Extent extent = waiting.remove(key);
      if (extent != null) {
        bytes -= extent.length();
        empty = waiting.isEmpty();
      }
      return extent;
    }
  }

  boolean contains(BlockKey key) {
    if (empty) {
      return false;
    }
    synchronized (this) {
      return waiting.containsKey(key);
    }
  }

  boolean isEmpty() {
    return empty;
  }

  synchronized boolean hasRoomFor(int length) {
    return bytes + length <= capacity;
  }

  synchronized long bytes() {
    return bytes;
  }

  /** Changes the bound; what is beyond it goes, longest waiting first. */
  void resize(long newCapacity) {
    List<Extent> dropped;
    synchronized (this) {
      capacity = newCapacity;
      dropped = dropBeyondCapacity();
    }
    dropped.forEach(Extent::unpin);
  }

  /** Drops everything; nothing is kept any more. */
  void close() {
    List<Extent> dropped;
    synchronized (this) {
      closed = true;
      capacity = 0;
      dropped = dropBeyondCapacity();
    }
    dropped.forEach(Extent::unpin);
  }

  private List<Extent> dropBeyondCapacity() {
    List<Extent> dropped = new ArrayList<>();
    Iterator<Extent> oldest = waiting.values().iterator();
    while (bytes > capacity) {
      Extent extent = oldest.next();
      oldest.remove();
      bytes -= extent.length();
      dropped.add(extent);
    }
    empty = waiting.isEmpty();
    return dropped;
  }
}
