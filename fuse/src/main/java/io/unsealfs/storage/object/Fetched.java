package io.unsealfs.storage.object;

/**
 * What a read that succeeded showed about the store.
 *
 * @param firstByteNanos from the request until the answer's header was there
 * @param totalNanos until the last byte
 * @param slowedMillis how long the store says it held the answer back to slow us down; 0 if it does
 *     not say. A signal to ask for less at a time
 */
public record Fetched(long firstByteNanos, long totalNanos, long slowedMillis) {}
