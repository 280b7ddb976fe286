package io.unsealfs.block;

/**
 * Recognises sequences among the reads of one open file: a few at once, each allowed to arrive out
 * of order by a few requests, as the kernel sends them. Not thread-safe.
 */
final class ReadStreams {
  private static final int STREAMS = 4;

  /** The kernel's requests of 128 KiB arrive out of order by a few, larger ones by fewer. */
  private static final long SLACK_BYTES = 512 << 10;

  /** One sequence. Offsets and lengths in plaintext bytes. */
  static final class Stream {
    /** End of what was read of it. */
    long frontier;

    /** How much of it was read. */
    long covered;

    private long start;

    /** Its user's own mark: how far it has been loaded ahead, or dropped behind. */
    long mark;

    /** Grows with each new sequence that takes this one's place. */
    volatile int run;

    private long lastUse;

    /** Whether {@code trigger} bytes were read, and not with larger gaps than reads. */
    boolean isSequential(long trigger) {
      return covered >= trigger && 2 * covered >= frontier - start;
    }
  }

  private final Stream[] streams = new Stream[STREAMS];
  private long uses;

  ReadStreams() {
    for (int i = 0; i < STREAMS; i++) {
      streams[i] = new Stream();
      streams[i].frontier = Long.MIN_VALUE;
    }
  }

  /** Adds a read to the sequence it belongs to, or begins one in place of the longest unused. */
  Stream add(long offset, int length) {
    long slack = Math.max(SLACK_BYTES, 2L * length);
    Stream found = null;
    Stream oldest = streams[0];
    for (Stream stream : streams) {
      if (stream.frontier >= 0
          && Math.abs(offset - stream.frontier) <= slack
          && (found == null
              || Math.abs(offset - stream.frontier) < Math.abs(offset - found.frontier))) {
        found = stream;
      }
      if (stream.lastUse < oldest.lastUse) {
        oldest = stream;
      }
    }
    if (found == null) {
      found = oldest;
      found.start = offset;
      found.frontier = offset;
      found.covered = 0;
      found.mark = offset;
      int next = found.run + 1;
      found.run = next;
    }
    found.lastUse = ++uses;
    long advance = Math.max(0, offset + length - found.frontier);
    found.frontier += advance;
    found.covered += Math.min(advance, length);
    return found;
  }

  /** The sequences, for a last look at the end. */
  Stream[] all() {
    return streams;
  }
}
