package io.unsealfs.storage.chunk;

/**
 * How objects are cut, whatever their format: into chunks of 256 KiB, which are fetched, kept and
 * dropped, and into segments of 32 chunks, which are what the disk keeps and what no request
 * crosses.
 *
 * <p>Chunks are that small so that the least that is ever fetched (for scattered small reads) is
 * one of them; a request covers as many adjacent ones as are wanted.
 */
final class ChunkGrid {
  /** Bytes of a chunk. */
  static final int CHUNK_BYTES = 256 << 10;

  /** Chunks of a segment. */
  static final int SEGMENT_CHUNKS = 32;

  /** Bytes of a segment. */
  static final int SEGMENT_BYTES = CHUNK_BYTES * SEGMENT_CHUNKS;

  /** Largest object: its chunks can be counted in an int. */
  static final long OBJECT_BYTES_MAX = (long) CHUNK_BYTES * (1 << 30);

  private ChunkGrid() {}

  /** The chunk that holds the byte at {@code offset}. */
  static int chunkOf(long offset) {
    return Math.toIntExact(offset / CHUNK_BYTES);
  }

  /** First byte of a chunk. */
  static long start(int chunk) {
    return (long) chunk * CHUNK_BYTES;
  }

  /** Chunks of an object of {@code size} bytes. */
  static int count(long size) {
    return Math.toIntExact(Math.ceilDiv(size, (long) CHUNK_BYTES));
  }

  /** Bytes of a chunk of an object of {@code size} bytes. */
  static int length(int chunk, long size) {
    return (int) Math.min(CHUNK_BYTES, size - start(chunk));
  }

  /** The segment a chunk belongs to. */
  static int segmentOf(int chunk) {
    return chunk / SEGMENT_CHUNKS;
  }

  /** First chunk of a segment. */
  static int firstOf(int segment) {
    return segment * SEGMENT_CHUNKS;
  }

  /** Last chunk of a segment of an object of {@code size} bytes. */
  static int lastOf(int segment, long size) {
    return Math.min(firstOf(segment) + SEGMENT_CHUNKS, count(size)) - 1;
  }

  /** Bytes of a segment of an object of {@code size} bytes. */
  static int segmentLength(int segment, long size) {
    return (int) Math.min(SEGMENT_BYTES, size - start(firstOf(segment)));
  }
}
