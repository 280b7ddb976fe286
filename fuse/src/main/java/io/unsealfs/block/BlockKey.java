package io.unsealfs.block;

/**
 * Names one extent in the cache.
 *
 * @param fileKey identity of one version of one file
 * @param extentIndex extent of that file
 */
record BlockKey(long fileKey, long extentIndex) {}
