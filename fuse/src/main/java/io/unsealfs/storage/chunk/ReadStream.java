package io.unsealfs.storage.chunk;

/** One sequence among the reads of an object. Guarded by its {@link ReadPattern}. */
final class ReadStream {
  /** End of what was read of it. */
  long next;

  /** Reads that continued it. */
  int reads;

  /** Bytes to be ahead; 0 until it is known to be a sequence. */
  long windowBytes;

  /** Bytes read since the window was set. */
  long consumedBytes;

  /** End of what was asked for ahead of it. */
  long frontier;

  /** Where its last read began. */
  long lastOffset;

  /** Distance between its last two reads, if larger than a sequence's. */
  long strideBytes;

  /** How often the distance was the same. */
  int strides;

  /** When it was last read; larger is later. */
  long lastUse;

  /** Where it began. */
  long start;

  /** Guarded by the store's lock: requests under way ahead of it. */
  int requestsAhead;

  ReadStream(long offset) {
    this.start = offset;
    this.next = offset;
    this.frontier = offset;
    this.lastOffset = offset;
  }
}
