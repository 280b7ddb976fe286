package io.unsealfs.block;

/**
 * What a {@link BlockCache} did since it was made.
 *
 * @param hits extents served from the cache
 * @param misses extents loaded, read-ahead included
 * @param joinedLoads readers that waited for a load somebody else had begun
 * @param evictions extents dropped for want of room
 * @param bytesHeld plaintext bytes in memory now, those still pinned after eviction included
 * @param wastedReadAhead extents loaded ahead and dropped before any reader asked for them
 */
public record CacheFigures(
    long hits,
    long misses,
    long joinedLoads,
    long evictions,
    long bytesHeld,
    long wastedReadAhead) {}
