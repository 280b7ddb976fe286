package io.unsealfs.storage.chunk;

import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * Brings a part of one object into the disk cache, some segments at a time. What it waits for it
 * keeps in memory and writes itself, so that it knows of each segment what became of it, whatever
 * readers do with its chunks meanwhile.
 *
 * <p>It waits as long as it takes, since all readers come first; but it asks again and again
 * whether it is to go on.
 */
final class Warming {
  /** Most segments under way. */
  private static final int AHEAD_MOST = 4;

  /** So often it asks whether to go on while it waits for bytes. */
  private static final long LOOK_MILLIS = 100;

  /** Pause before a segment that was given up for lack of memory is asked for again. */
  private static final long NO_ROOM_MILLIS = 50;

  /** Asked for so often, it gets its memory, or it might never: three seconds. */
  private static final int ASKED_MOST = 60;

  /** Tries to write a segment: the cache may be purged, or a part distrusted, in between. */
  private static final int WRITES = 3;

  private final ChunkStore store;
  private final ChunkTable table;
  private final DiskTier tier;
  private final StoredObject object;

  Warming(ChunkStore store, ChunkTable table, DiskTier tier, StoredObject object) {
    this.store = store;
    this.table = table;
    this.tier = tier;
    this.object = object;
  }

  /** A segment that was begun. */
  private final class Segment {
    private final int number;
    private List<Chunk> pinned = List.of();
    private boolean written;

    Segment(int number) {
      this.number = number;
    }

    boolean isHeld() {
      return tier.holds(object, number);
    }

    void order(boolean insists) throws IOException {
      ChunkTable.Pinned next = table.pin(object, number, insists);
      table.unpin(pinned, false);
      pinned = next.chunks();
      store.submit(next.fetches());
    }

    /** Waits for its bytes. */
    Wait await(LongPredicate goOn) throws IOException {
      Wait wait = pinned.isEmpty() ? Wait.GIVEN_UP : Wait.DONE;
      for (Chunk chunk : pinned) {
        while (!isOver(chunk)) {
          if (!goesOn(goOn)) {
            return Wait.STOPPED;
          }
        }
        IOException failure = chunk.failureWithin(Long.MAX_VALUE, System.nanoTime());
        if (failure != null) {
          throw failure;
        }
        if (!chunk.isPresent()) {
          wait = Wait.GIVEN_UP;
        }
      }
      return wait;
    }

    boolean write() {
      written = tier.write(object, number, pinned);
      return written;
    }

    void release() {
      table.unpin(pinned, written);
      pinned = List.of();
    }
  }

  /** How a wait ended. */
  private enum Wait {
    DONE,
    GIVEN_UP,
    STOPPED
  }

  /**
   * Brings segments.
   *
   * @return false if {@code goOn} said no
   * @throws IOException if one of them cannot be had, or is not taken by the disk
   */
  boolean run(int first, int last, LongPredicate goOn) throws IOException {
    Deque<Segment> begun = new ArrayDeque<>();
    try {
      long brought = 0;
      int next = first;
      for (int segment = first; segment <= last; segment++) {
        if (!goOn.test(brought)) {
          return false;
        }
        for (; next <= Math.min(last, segment + ahead() - 1); next++) {
          Segment ahead = new Segment(next);
          begun.add(ahead);
          begin(ahead);
        }
        Segment current = begun.element();
        if (!finish(current, goOn)) {
          return false;
        }
        begun.remove().release();
        brought = ChunkGrid.segmentLength(segment, object.size());
      }
      boolean _ = goOn.test(brought);
      return true;
    } finally {
      begun.forEach(Segment::release);
    }
  }

  /** Segments under way: what they keep leaves half of the memory to readers. */
  private int ahead() {
    return Math.clamp(table.budgetBytes() / (2L * ChunkGrid.SEGMENT_BYTES), 1, AHEAD_MOST);
  }

  private void begin(Segment segment) throws IOException {
    if (!segment.isHeld()) {
      if (!tier.isOn()) {
        throw notTaken();
      }
      segment.order(false);
    }
  }

  private boolean finish(Segment segment, LongPredicate goOn) throws IOException {
    int asked = 1;
    int writes = 0;
    while (!segment.isHeld()) {
      Wait wait = segment.await(goOn);
      if (wait == Wait.STOPPED) {
        return false;
      }
      if (wait == Wait.DONE) {
        if (segment.write()) {
          return true;
        }
        if (++writes == WRITES || !tier.isOn()) {
          throw notTaken();
        }
      } else if (!segment.pinned.isEmpty()) {
        // no memory was free, or the reader for whom it came lost interest
        pause();
        if (!goesOn(goOn)) {
          return false;
        }
      }
      segment.order(asked++ >= ASKED_MOST);
    }
    return true;
  }

  private boolean goesOn(LongPredicate goOn) throws IOException {
    store.requireOpen();
    return goOn.test(0);
  }

  private StorageException notTaken() {
    return new StorageException(
        object
            + ": the chunk cache does not take it: it is switched off or read only, or its disk has"
            + " too little free space");
  }

  private static boolean isOver(Chunk chunk) throws InterruptedIOException {
    try {
      return chunk.await(chunk.length, LOOK_MILLIS);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static void pause() throws InterruptedIOException {
    try {
      Thread.sleep(NO_ROOM_MILLIS);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static InterruptedIOException interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    InterruptedIOException interrupted =
        new InterruptedIOException("interrupted while segments are brought to the disk");
    interrupted.initCause(cause);
    return interrupted;
  }
}
