package io.unsealfs.block;

/**
 * What was read of stored blocks and decrypted since a {@link BlockCache} was made, for its extents
 * and past them.
 *
 * @param runs of blocks that were decrypted in one go
 * @param decryptNanos nanoseconds that took
 * @param reads of stored blocks that succeeded
 * @param readBytes ciphertext bytes they brought
 * @param readNanos nanoseconds they took
 * @param failedReads that failed
 * @param failedReadNanos nanoseconds those took
 * @param healed blocks that were not authentic and were, read once more past all copies
 */
public record WorkFigures(
    long runs,
    long decryptNanos,
    long reads,
    long readBytes,
    long readNanos,
    long failedReads,
    long failedReadNanos,
    long healed) {}
