package io.unsealfs.storage.chunk;

import io.unsealfs.storage.object.StoreProtocolException;
import io.unsealfs.storage.object.ThrottledException;
import io.unsealfs.storage.object.TransientStoreException;
import io.unsealfs.storage.object.TruncatedObjectException;
import java.util.Map;

/**
 * What a {@link ChunkStore} did since it was made (object-storage.md section 7). Counts unless
 * another unit is named.
 *
 * @param requests ranged reads sent
 * @param failedRequests those that did not bring all their bytes
 * @param demandBytes bytes that came because somebody waited
 * @param prefetchBytes bytes that came ahead of a reader
 * @param warmBytes bytes that came to fill the disk cache
 * @param indexBytes bytes of the small objects that a format needs first
 * @param readBytes bytes that readers took
 * @param firstByteNanos sum over the requests that succeeded
 * @param requestNanos sum over the requests that succeeded, until the last byte
 * @param failedRequestNanos sum over the others
 * @param retriesByCause requests repeated
 * @param hedges requests doubled
 * @param hedgesWon doubles that were first
 * @param throttled times the store asked for less
 * @param staleObjects objects found replaced or removed
 * @param protocolFaultsByKind answers that broke the protocol, the first ones that were asked for
 *     again as well
 * @param inFlight requests under way now
 * @param concurrencyLimit most requests at a time, now
 * @param memoryHits chunks that were in memory when a reader asked
 * @param memoryMisses chunks that had to be fetched for him
 * @param memoryJoins chunks that were on their way
 * @param evictions chunks dropped
 * @param memoryBytes bytes of chunks in memory now
 * @param budgetBytes bytes there may be
 * @param prefetchUsedBytes fetched ahead and read
 * @param prefetchWastedBytes fetched ahead and dropped unread
 * @param prefetchResets streams that ended because their reader went elsewhere
 * @param streams sequences that are fetched ahead now
 * @param windowBytes that all of them may be ahead
 * @param distrusted chunks fetched again because a format found them damaged
 * @param disk what the disk cache did; zeros without one
 */
public record ChunkFigures(
    long requests,
    long failedRequests,
    long demandBytes,
    long prefetchBytes,
    long warmBytes,
    long indexBytes,
    long readBytes,
    long firstByteNanos,
    long requestNanos,
    long failedRequestNanos,
    Map<RetryCause, Long> retriesByCause,
    long hedges,
    long hedgesWon,
    long throttled,
    long staleObjects,
    Map<StoreProtocolException.Fault, Long> protocolFaultsByKind,
    int inFlight,
    int concurrencyLimit,
    long memoryHits,
    long memoryMisses,
    long memoryJoins,
    long evictions,
    long memoryBytes,
    long budgetBytes,
    long prefetchUsedBytes,
    long prefetchWastedBytes,
    long prefetchResets,
    long streams,
    long windowBytes,
    long distrusted,
    DiskFigures disk) {
  /** Copies the maps. */
  public ChunkFigures {
    retriesByCause = Map.copyOf(retriesByCause);
    protocolFaultsByKind = Map.copyOf(protocolFaultsByKind);
  }

  /** Why a request was repeated. */
  public enum RetryCause {
    /** No connection, a stall, a time-out, or an error of the store's own. */
    UNAVAILABLE,
    /** It wants to be asked for less. */
    THROTTLED,
    /** The answer ended early. */
    TRUNCATED;

    static RetryCause of(TransientStoreException failure) {
      return switch (failure) {
        case ThrottledException _ -> THROTTLED;
        case TruncatedObjectException _ -> TRUNCATED;
        default -> UNAVAILABLE;
      };
    }
  }

  /** Requests repeated, whatever the cause. */
  public long retries() {
    return sum(retriesByCause);
  }

  /** Answers that broke the protocol twice, in whatever way. */
  public long protocolFaults() {
    return sum(protocolFaultsByKind);
  }

  private static long sum(Map<?, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * What the disk cache did.
   *
   * @param hits segments found whole
   * @param misses segments not there
   * @param corrupt segments that were not what they should be, and were deleted
   * @param writes segments written
   * @param skipped segments not written because the disk was too slow, or the memory too little to
   *     keep them until they were whole
   * @param evictions segments deleted to make room
   * @param evictionsForSpace of them, those for the free space of the disk
   * @param bytes bytes of segments, as far as known
   * @param faults errors of the disk; after the first the cache is off
   */
  public record DiskFigures(
      long hits,
      long misses,
      long corrupt,
      long writes,
      long skipped,
      long evictions,
      long evictionsForSpace,
      long bytes,
      long faults) {
    /** No disk cache. */
    public static final DiskFigures NONE = new DiskFigures(0, 0, 0, 0, 0, 0, 0, 0, 0);
  }
}
