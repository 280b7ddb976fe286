package io.unsealfs.storage.chunk;

import io.unsealfs.storage.chunk.ReadPattern.Ahead;
import java.io.IOException;
import java.util.function.LongPredicate;

/** Brings a part of one object into the disk cache, some segments at a time. */
final class Warming {
  /** Segments under way; no more than may wait to be written, or some would be skipped. */
  private static final int AHEAD = DiskTier.PENDING_WRITES / 2;

  private final ChunkStore store;
  private final ChunkTable table;
  private final ChunkReader reader;
  private final DiskTier tier;
  private final StoredObject object;

  Warming(
      ChunkStore store, ChunkTable table, ChunkReader reader, DiskTier tier, StoredObject object) {
    this.store = store;
    this.table = table;
    this.reader = reader;
    this.tier = tier;
    this.object = object;
  }

  /** Whether all segments of the range were tried; false if {@code goOn} said no. */
  boolean run(int first, int last, LongPredicate goOn) throws IOException {
    int ordered = first;
    long brought = 0;
    for (int segment = first; segment <= last; segment++) {
      if (!goOn.test(brought)) {
        return false;
      }
      for (; ordered <= Math.min(last, segment + AHEAD - 1); ordered++) {
        tier.awaitWrites(AHEAD - 1);
        order(ordered);
      }
      await(segment);
      brought = ChunkGrid.segmentLength(segment, object.size());
    }
    tier.awaitWrites(0);
    boolean _ = goOn.test(brought);
    return true;
  }

  private void order(int segment) {
    if (!tier.holds(object, segment)) {
      long from = ChunkGrid.start(ChunkGrid.firstOf(segment));
      long to = from + ChunkGrid.segmentLength(segment, object.size());
      long _ =
          store.order(object, new Ahead(from, to, ChunkGrid.SEGMENT_BYTES), Priority.WARM, null);
    }
  }

  private void await(int segment) throws IOException {
    int first = ChunkGrid.firstOf(segment);
    int last = ChunkGrid.lastOf(segment, object.size());
    for (int i = first; i <= last; i++) {
      Chunk chunk = object.chunk(i);
      if (chunk != null) {
        reader.await(chunk, chunk.length, System.nanoTime());
        IOException failure = chunk.failureWithin(Long.MAX_VALUE, System.nanoTime());
        if (failure != null) {
          throw failure;
        }
      }
    }
    // the thread that brought the last chunk hands the segment over a moment later
    for (int i = first; i <= last; i++) {
      while (tier.isOn() && !table.isHandedOver(object, i)) {
        store.requireOpen();
        tier.awaitMoment();
      }
    }
  }
}
