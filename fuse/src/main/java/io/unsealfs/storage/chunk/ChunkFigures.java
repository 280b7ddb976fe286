package io.unsealfs.storage.chunk;

/**
 * What a {@link ChunkStore} did since it was made (object-storage.md section 7). Counts unless
 * another unit is named.
 *
 * @param requests ranged reads sent
 * @param failedRequests those that did not bring all their bytes
 * @param demandBytes bytes that came because somebody waited
 * @param prefetchBytes bytes that came ahead of a reader
 * @param warmBytes bytes that came to fill the disk cache
 * @param readBytes bytes that readers took
 * @param firstByteNanos sum over the requests that succeeded
 * @param retries requests repeated
 * @param hedges requests doubled
 * @param hedgesWon doubles that were first
 * @param throttled times the store asked for less
 * @param staleObjects objects found replaced or removed
 * @param protocolFaults answers that broke the protocol twice
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
 * @param distrusted chunks fetched again because a format found them damaged
 * @param disk what the disk cache did; zeros without one
 */
public record ChunkFigures(
    long requests,
    long failedRequests,
    long demandBytes,
    long prefetchBytes,
    long warmBytes,
    long readBytes,
    long firstByteNanos,
    long retries,
    long hedges,
    long hedgesWon,
    long throttled,
    long staleObjects,
    long protocolFaults,
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
    long distrusted,
    DiskFigures disk) {

  /**
   * What the disk cache did.
   *
   * @param hits segments found whole
   * @param misses segments not there
   * @param corrupt segments that were not what they should be, and were deleted
   * @param writes segments written
   * @param skipped segments not written because the disk was too slow
   * @param evictions segments deleted to make room
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
      long bytes,
      long faults) {
    /** No disk cache. */
    public static final DiskFigures NONE = new DiskFigures(0, 0, 0, 0, 0, 0, 0, 0);
  }
}
