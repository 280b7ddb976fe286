package io.unsealfs.block;

/**
 * What a {@link BlockCache} did since it was made.
 *
 * @param hits extents served from the cache
 * @param misses extents loaded into it, read-ahead included
 * @param joinedLoads readers that waited for a load somebody else had begun
 * @param evictions extents dropped for want of room
 * @param bytesHeld plaintext bytes in memory now, those still pinned after eviction included
 * @param usedReadAhead extents loaded ahead that a reader asked for
 * @param wastedReadAhead extents loaded ahead and dropped before any reader asked for them
 * @param bypassedReads runs of blocks decrypted straight into a reader's buffer
 * @param bypassedBytes plaintext bytes of those
 * @param copiedBytes plaintext bytes handed to readers from extents of the cache
 * @param preloadedBytes plaintext bytes that wait for their reader now, brought by a {@link
 *     Preload}
 * @param capacity plaintext bytes the cache may hold now
 * @param work what was read and decrypted, also for readers past the cache
 */
public record CacheFigures(
    long hits,
    long misses,
    long joinedLoads,
    long evictions,
    long bytesHeld,
    long usedReadAhead,
    long wastedReadAhead,
    long bypassedReads,
    long bypassedBytes,
    long copiedBytes,
    long preloadedBytes,
    long capacity,
    WorkFigures work) {}
