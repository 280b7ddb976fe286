package io.unsealfs.keyserver.store;

/**
 * What a store holds under one key.
 *
 * @param revision another number after each change of the value; says nothing but "the same" or
 *     "not the same", and is never {@link Store#ABSENT}
 */
@SuppressWarnings("ArrayRecordComponent") // made for one reader, never compared
public record StoreEntry(String key, byte[] value, long revision) {}
