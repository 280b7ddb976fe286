package io.unsealfs.volume.ext4;

import java.io.IOException;

/** Where the blocks of one file are. Thread-safe. */
interface BlockMap {

  /** Blocks that no file has more of: logical numbers have 32 bits. */
  long MAX_BLOCKS = 1L << 32;

  /**
   * Finds the run of blocks that begins with {@code logical}: blocks that follow each other on the
   * device, or that read as zeros.
   *
   * @param wanted blocks the caller has use for; the run may be longer where that costs nothing
   * @param run receives the answer
   * @throws io.unsealfs.block.IntegrityException if the map is damaged
   */
  void find(long logical, long wanted, Run run) throws IOException;

  /** An answer of {@link #find}; one serves for a whole request. */
  final class Run {
    /** First block on the device, 0 if the run reads as zeros. */
    long physical;

    /** Blocks, at least one. */
    long length;

    void zeros(long count) {
      physical = 0;
      length = count;
    }

    void mapped(long first, long count) {
      physical = first;
      length = count;
    }
  }
}
