package io.unsealfs.storage.chunk;

import java.time.Duration;

/**
 * How objects are fetched.
 *
 * @param budgetBytes chunks in memory, fetched and under way; readers who wait may exceed it by
 *     what they wait for
 * @param maxConnections most requests at a time
 * @param minFetchBytes fetched for a read that continues nothing, rounded up to whole chunks
 * @param prefetchPartBytes most bytes of one request, at most a segment
 * @param prefetchWindowMaxBytes how far ahead of a reader at most
 * @param prefetchStreamsPerFile most requests ahead of each reader of an object at a time
 * @param retries how requests are repeated
 * @param hedgeAfter least time before a request that somebody waits for is doubled
 */
public record ChunkSettings(
    long budgetBytes,
    int maxConnections,
    int minFetchBytes,
    int prefetchPartBytes,
    long prefetchWindowMaxBytes,
    int prefetchStreamsPerFile,
    RetryPolicy retries,
    Duration hedgeAfter) {

  /** Requests ahead of each reader where nothing else is said. */
  public static final int DEFAULT_STREAMS_PER_FILE = 16;

  private static final long DEFAULT_BUDGET_MOST = 512L << 20;

  /** Checks the bounds. */
  public ChunkSettings {
    requireAtLeast("memory for chunks", budgetBytes, ChunkGrid.CHUNK_BYTES);
    requireAtLeast("connections", maxConnections, 2);
    requireAtLeast("bytes of a fetch", minFetchBytes, 1);
    requireAtLeast("bytes of a part", prefetchPartBytes, ChunkGrid.CHUNK_BYTES);
    requireAtLeast("bytes of the window", prefetchWindowMaxBytes, 0);
    requireAtLeast("requests ahead", prefetchStreamsPerFile, 1);
    if (prefetchPartBytes > ChunkGrid.SEGMENT_BYTES) {
      throw new IllegalArgumentException("a part may have 8 MiB at most");
    }
    if (minFetchBytes > ChunkGrid.SEGMENT_BYTES) {
      throw new IllegalArgumentException("a fetch may have 8 MiB at least, not more");
    }
  }

  private static void requireAtLeast(String what, long value, long least) {
    if (value < least) {
      throw new IllegalArgumentException(what + ": " + value + ", at least " + least + " needed");
    }
  }

  /**
   * The defaults.
   *
   * @param memoryBytes what the process may use
   * @param heapBytes the most the Java heap may grow to, where chunks are kept
   */
  public static ChunkSettings defaults(long memoryBytes, long heapBytes) {
    long share = Math.min(memoryBytes / 8, heapBytes / 4);
    return new ChunkSettings(
        Math.max(ChunkGrid.SEGMENT_BYTES, Math.min(DEFAULT_BUDGET_MOST, share)),
        64,
        1 << 20,
        ChunkGrid.SEGMENT_BYTES,
        128L << 20,
        DEFAULT_STREAMS_PER_FILE,
        RetryPolicy.DEFAULT,
        Duration.ofSeconds(1));
  }

  /** The same with another amount of memory. */
  public ChunkSettings withBudget(long bytes) {
    return new ChunkSettings(
        bytes,
        maxConnections,
        minFetchBytes,
        prefetchPartBytes,
        prefetchWindowMaxBytes,
        prefetchStreamsPerFile,
        retries,
        hedgeAfter);
  }

  /** The same with another number of connections. */
  public ChunkSettings withMaxConnections(int connections) {
    return new ChunkSettings(
        budgetBytes,
        connections,
        minFetchBytes,
        prefetchPartBytes,
        prefetchWindowMaxBytes,
        prefetchStreamsPerFile,
        retries,
        hedgeAfter);
  }

  /** The same with another way to repeat and to double requests. */
  public ChunkSettings withRetries(RetryPolicy policy, Duration hedge) {
    return new ChunkSettings(
        budgetBytes,
        maxConnections,
        minFetchBytes,
        prefetchPartBytes,
        prefetchWindowMaxBytes,
        prefetchStreamsPerFile,
        policy,
        hedge);
  }

  /** The same with another window; 0 fetches nothing ahead. */
  public ChunkSettings withPrefetchWindow(long mostBytes) {
    return new ChunkSettings(
        budgetBytes,
        maxConnections,
        minFetchBytes,
        prefetchPartBytes,
        mostBytes,
        prefetchStreamsPerFile,
        retries,
        hedgeAfter);
  }
}
