package io.unsealfs.storage.local;

import java.io.IOException;
import java.util.concurrent.atomic.LongAdder;

/** Counts what a copy does and tells its listener. */
final class CopyTally {
  final LongAdder files = new LongAdder();
  final LongAdder links = new LongAdder();
  final LongAdder directories = new LongAdder();
  final LongAdder others = new LongAdder();
  private final LongAdder plaintextBytes = new LongAdder();
  private final CopyListener listener;
  private long failures;
  private long notices;

  CopyTally(CopyListener listener) {
    this.listener = listener;
  }

  void copied(long bytes) {
    plaintextBytes.add(bytes);
    listener.copied(bytes);
  }

  synchronized void failed(String location, String plaintextPath, IOException why) {
    failures++;
    listener.failed(location, plaintextPath, why);
  }

  synchronized void noticed(String plaintextPath, String what) {
    notices++;
    listener.noticed(plaintextPath, what);
  }

  synchronized CopySummary summary() {
    return new CopySummary(
        files.sum(),
        links.sum(),
        directories.sum(),
        others.sum(),
        plaintextBytes.sum(),
        failures,
        notices);
  }
}
