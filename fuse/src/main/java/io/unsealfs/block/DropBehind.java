package io.unsealfs.block;

import io.unsealfs.block.BlockLayout.CiphertextRange;
import io.unsealfs.storage.Source;

/**
 * Tells the storage what a reader in sequence has left behind him, so that memory does not hold
 * ciphertext that nobody asks for again: the kernel keeps the plaintext. In large steps, since each
 * is a system call, and a step behind the reader, since his requests overtake each other.
 */
final class DropBehind {
  private static final long STEP_BYTES = 8 << 20;

  /**
   * A page cache keeps bytes in units of up to 2 MiB and lets go of whole ones only: what lies
   * across the border of two steps goes with the second. Without it a quarter stayed.
   */
  private static final long OVERLAP_BYTES = 2 << 20;

  private final Source ciphertext;
  private final BlockLayout layout;
  private final long plaintextSize;
  private final ReadStreams streams = new ReadStreams(); // guarded by this

  DropBehind(Source ciphertext, BlockLayout layout, long plaintextSize) {
    this.ciphertext = ciphertext;
    this.layout = layout;
    this.plaintextSize = plaintextSize;
  }

  /** Notes that a reader got {@code length} plaintext bytes from {@code offset}. */
  void read(long offset, int length) {
    long from;
    long to;
    synchronized (this) {
      ReadStreams.Stream stream = streams.add(offset, length);
      from = stream.mark;
      to = stream.frontier - STEP_BYTES;
      if (to - from < STEP_BYTES || !stream.isSequential(STEP_BYTES)) {
        return;
      }
      stream.mark = to;
    }
    drop(from, to);
  }

  /** The reader is gone: nothing is left to overtake. */
  void close() {
    for (ReadStreams.Stream stream : streams.all()) {
      long from;
      long to;
      synchronized (this) {
        if (!stream.isSequential(STEP_BYTES)) {
          continue;
        }
        from = stream.mark;
        to = stream.frontier;
        stream.mark = to;
      }
      drop(from, to);
    }
  }

  private void drop(long from, long to) {
    CiphertextRange range = layout.ciphertextRange(from, to - from, plaintextSize);
    long start = Math.max(0, range.offset() - OVERLAP_BYTES);
    ciphertext.doneWith(start, range.offset() + range.length() - start);
  }
}
