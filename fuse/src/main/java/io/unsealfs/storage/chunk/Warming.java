package io.unsealfs.storage.chunk;

import io.unsealfs.storage.chunk.ReadPattern.Ahead;
import java.io.IOException;
import java.util.function.LongPredicate;

/** Brings one object into the disk cache, some segments at a time. */
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

  /** Whether all segments were tried; false if {@code goOn} said no. */
  boolean run(LongPredicate goOn) throws IOException {
    int count = ChunkGrid.segmentOf(ChunkGrid.count(object.size()) - 1) + 1;
    int ordered = 0;
    long brought = 0;
    for (int segment = 0; segment < count; segment++) {
      if (!goOn.test(brought)) {
        return false;
      }
      for (; ordered < Math.min(count, segment + AHEAD); ordered++) {
        tier.awaitWrites(AHEAD - 1);
        order(ordered);
      }
      await(segment);
      brought = ChunkGrid.segmentLength(segment, object.size());
    }
    tier.awaitWrites(0);
    return true;
  }

  private void order(int segment) {
    if (!tier.holds(object, segment)) {
      long from = ChunkGrid.start(ChunkGrid.firstOf(segment));
      long to = from + ChunkGrid.segmentLength(segment, object.size());
      long _ = store.order(object, new Ahead(from, to, ChunkGrid.SEGMENT_BYTES), Priority.WARM, null);
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
