package io.unsealfs.block;

import java.util.concurrent.atomic.LongAdder;

/** Counts what was read of stored blocks and decrypted. Thread-safe. */
final class BlockWork {
  private final LongAdder runs = new LongAdder();
  private final LongAdder decryptNanos = new LongAdder();
  private final LongAdder reads = new LongAdder();
  private final LongAdder readBytes = new LongAdder();
  private final LongAdder readNanos = new LongAdder();
  private final LongAdder failedReads = new LongAdder();
  private final LongAdder failedReadNanos = new LongAdder();
  private final LongAdder healed = new LongAdder();

  /** A run of blocks was decrypted, damaged ones among them or not. */
  void decrypted(long nanos) {
    runs.increment();
    decryptNanos.add(nanos);
  }

  /** So many stored bytes came. */
  void read(long bytes, long nanos) {
    reads.increment();
    readBytes.add(bytes);
    readNanos.add(nanos);
  }

  /** A read of stored bytes failed. */
  void failed(long nanos) {
    failedReads.increment();
    failedReadNanos.add(nanos);
  }

  /** A copy was to blame for a block that was not authentic, and what is stored is right. */
  void healed() {
    healed.increment();
  }

  WorkFigures figures() {
    return new WorkFigures(
        runs.sum(),
        decryptNanos.sum(),
        reads.sum(),
        readBytes.sum(),
        readNanos.sum(),
        failedReads.sum(),
        failedReadNanos.sum(),
        healed.sum());
  }
}
