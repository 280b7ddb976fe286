package io.unsealfs.storage.chunk;

import io.unsealfs.storage.chunk.ChunkFigures.RetryCause;
import io.unsealfs.storage.object.StoreProtocolException;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Counts what a store did. Thread-safe. */
final class ChunkCounters {
  final LongAdder requests = new LongAdder();
  final LongAdder failedRequests = new LongAdder();
  final LongAdder demandBytes = new LongAdder();
  final LongAdder prefetchBytes = new LongAdder();
  final LongAdder warmBytes = new LongAdder();
  final LongAdder readBytes = new LongAdder();
  final LongAdder indexBytes = new LongAdder();
  final LongAdder requestNanos = new LongAdder();
  final LongAdder failedRequestNanos = new LongAdder();
  final LongAdder firstByteNanos = new LongAdder();
  final LongAdder hedges = new LongAdder();
  final LongAdder hedgesWon = new LongAdder();
  final LongAdder throttled = new LongAdder();
  final LongAdder staleObjects = new LongAdder();
  final LongAdder memoryHits = new LongAdder();
  final LongAdder memoryMisses = new LongAdder();
  final LongAdder memoryJoins = new LongAdder();
  final LongAdder evictions = new LongAdder();
  final LongAdder unsavedSegments = new LongAdder();
  final LongAdder prefetchUsed = new LongAdder();
  final LongAdder prefetchWasted = new LongAdder();
  final LongAdder prefetchResets = new LongAdder();
  final LongAdder distrusted = new LongAdder();
  final AtomicLong activeStreams = new AtomicLong();
  final AtomicLong windowBytes = new AtomicLong();
  private final Map<RetryCause, LongAdder> retries = adders(RetryCause.class);
  private final Map<StoreProtocolException.Fault, LongAdder> protocolFaults =
      adders(StoreProtocolException.Fault.class);

  private static <E extends Enum<E>> Map<E, LongAdder> adders(Class<E> causes) {
    Map<E, LongAdder> adders = new EnumMap<>(causes);
    for (E cause : causes.getEnumConstants()) {
      adders.put(cause, new LongAdder());
    }
    return adders;
  }

  private static <E extends Enum<E>> void increment(Map<E, LongAdder> adders, E cause) {
    LongAdder adder = adders.get(cause);
    if (adder != null) {
      adder.increment();
    }
  }

  private static <E extends Enum<E>> Map<E, Long> sums(Map<E, LongAdder> adders, Class<E> causes) {
    Map<E, Long> sums = new EnumMap<>(causes);
    adders.forEach((cause, adder) -> sums.put(cause, adder.sum()));
    return sums;
  }

  void retried(RetryCause cause) {
    increment(retries, cause);
  }

  void protocolFault(StoreProtocolException.Fault fault) {
    increment(protocolFaults, fault);
  }

  /** A request whose answer broke the protocol and that was made once more; null for none. */
  void askedAgain(StoreProtocolException.@Nullable Fault fault) {
    if (fault != null) {
      requests.increment();
      failedRequests.increment();
      protocolFault(fault);
    }
  }

  void fetched(Fetch fetch, long bytes) {
    (switch (fetch.priority) {
          case DEMAND -> fetch.object.isIndex() ? indexBytes : demandBytes;
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
        indexBytes.sum(),
        readBytes.sum(),
        firstByteNanos.sum(),
        requestNanos.sum(),
        failedRequestNanos.sum(),
        sums(retries, RetryCause.class),
        hedges.sum(),
        hedgesWon.sum(),
        throttled.sum(),
        staleObjects.sum(),
        sums(protocolFaults, StoreProtocolException.Fault.class),
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
        windowBytes.get(),
        distrusted.sum(),
        disk);
  }
}
