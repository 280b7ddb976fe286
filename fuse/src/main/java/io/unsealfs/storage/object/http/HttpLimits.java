package io.unsealfs.storage.object.http;

import java.time.Duration;

/**
 * What a transport allows.
 *
 * @param maxConnections at a time, to all hosts together
 * @param connectTimeout until a connection, with TLS, is there
 * @param requestTimeout until an answer begins, and until one without object bytes is complete
 * @param stallTimeout how long an answer may bring less than 1 KiB/s
 */
public record HttpLimits(
    int maxConnections, Duration connectTimeout, Duration requestTimeout, Duration stallTimeout) {
  /** Largest error document. */
  static final int ERROR_BYTES_MAX = 256 * 1024;

  /** Largest answer that is no range of an object: a page of a listing with the longest keys. */
  static final int DOCUMENT_BYTES_MAX = 16 * 1024 * 1024;

  /** Slower than this is a stall. */
  static final int STALL_BYTES_PER_SECOND = 1024;
}
