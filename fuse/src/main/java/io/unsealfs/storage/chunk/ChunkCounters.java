package io.unsealfs.storage.chunk;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Counts what a store did. Thread-safe. */
final class ChunkCounters {
  final LongAdder requests = new LongAdder();
  final LongAdder failedRequests = new LongAdder();
  final LongAdder demandBytes = new LongAdder();
  final LongAdder prefetchBytes = new LongAdder();
  final LongAdder warmBytes = new LongAdder();
  final LongAdder readBytes = new LongAdder();
  final LongAdder firstByteNanos = new LongAdder();
  final LongAdder retries = new LongAdder();
  final LongAdder hedges = new LongAdder();
  final LongAdder hedgesWon = new LongAdder();
  final LongAdder throttled = new LongAdder();
  final LongAdder staleObjects = new LongAdder();
  final LongAdder protocolFaults = new LongAdder();
  final LongAdder memoryHits = new LongAdder();
  final LongAdder memoryMisses = new LongAdder();
  final LongAdder memoryJoins = new LongAdder();
  final LongAdder evictions = new LongAdder();
  final LongAdder prefetchUsed = new LongAdder();
  final LongAdder prefetchWasted = new LongAdder();
  final LongAdder prefetchResets = new LongAdder();
  final LongAdder distrusted = new LongAdder();
  final AtomicLong activeStreams = new AtomicLong();

  void fetched(Priority priority, long bytes) {
    (switch (priority) {
          case DEMAND -> demandBytes;
          case PREFETCH -> prefetchBytes;
          case WARM -> warmBytes;
        })
        .add(bytes);
  }

  /** All of them, with what others know. */
  ChunkFigures figures(
      int inFlight,
      int concurrencyLimit,
      long memoryBytes,
      long budgetBytes,
      ChunkFigures.DiskFigures disk) {
    return new ChunkFigures(
        requests.sum(),
        failedRequests.sum(),
        demandBytes.sum(),
        prefetchBytes.sum(),
        warmBytes.sum(),
        readBytes.sum(),
        firstByteNanos.sum(),
        retries.sum(),
        hedges.sum(),
        hedgesWon.sum(),
        throttled.sum(),
        staleObjects.sum(),
        protocolFaults.sum(),
        inFlight,
        concurrencyLimit,
        memoryHits.sum(),
        memoryMisses.sum(),
        memoryJoins.sum(),
        evictions.sum(),
        memoryBytes,
        budgetBytes,
        prefetchUsed.sum(),
        prefetchWasted.sum(),
        prefetchResets.sum(),
        activeStreams.get(),
        distrusted.sum(),
        disk);
  }
}
