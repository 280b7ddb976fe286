package io.unsealfs.keyserver.store;

import java.util.List;
import java.util.Optional;

/**
 * Small values under keys. Each call is atomic and, when it has returned, durable. Thread-safe; a
 * store may be used by several processes at once.
 */
public interface Store extends AutoCloseable {
  /** Revision of what is not there. */
  long ABSENT = 0;

  /** Length of the longest value in bytes. */
  int MAX_VALUE_BYTES = 1 << 20;

  /** Length of the longest key in bytes of UTF-8. */
  int MAX_KEY_BYTES = 512;

  /** How many entries a listing has at the most. */
  int MAX_ENTRIES = 1 << 16;

  /**
   * What is there now: no older than the beginning of the call.
   *
   * @throws StoreUnavailableException if the store cannot be reached
   * @throws StoreException if the entry is damaged
   */
  Optional<StoreEntry> get(String key) throws StoreException;

  /**
   * All entries whose keys begin with {@code prefix}, in the order of their keys.
   *
   * @throws StoreUnavailableException if the store cannot be reached
   * @throws StoreException if an entry is damaged, or there are more than {@link #MAX_ENTRIES}
   */
  List<StoreEntry> list(String prefix) throws StoreException;

  /**
   * Puts a value if the entry is still at {@code expectedRevision}.
   *
   * @param expectedRevision {@link #ABSENT} if there must be no such entry
   * @return whether it did
   * @throws StoreUnavailableException if it may or may not have happened
   * @throws StoreException if key or value are too long
   */
  boolean put(String key, byte[] value, long expectedRevision) throws StoreException;

  /**
   * Deletes an entry if it is still at {@code expectedRevision}.
   *
   * @return whether it did
   * @throws StoreUnavailableException if it may or may not have happened
   */
  boolean delete(String key, long expectedRevision) throws StoreException;

  /** Where it is, for messages; nothing secret. */
  String place();

  @Override
  void close();
}
