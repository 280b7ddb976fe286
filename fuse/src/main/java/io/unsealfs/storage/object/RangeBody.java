package io.unsealfs.storage.object;

import io.unsealfs.storage.object.http.AnswerBody;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;

/**
 * Carries the bytes of a checked answer to where they are wanted.
 *
 * <p>A connection brings a long answer in small pieces, and to wake up for each costs more than the
 * piece: two system calls and two switches of context for a few KiB. So after a short piece of a
 * long answer the kernel is left a moment to collect more. Measured with the bench of object
 * stores; see docs/performance.md.
 */
public final class RangeBody {
  /** Answers with less than this still to come are taken as they arrive. */
  private static final int LONG_BYTES = 512 << 10;

  /** A piece worth waking up for. */
  private static final int PIECE_BYTES = 96 << 10;

  /** Far less than a round trip; the kernel's buffer holds what a fast connection brings in it. */
  private static final long MOMENT_NANOS = 1_500_000;

  private RangeBody() {}

  /**
   * Reads {@code length} bytes, and the end behind them so that the connection can serve again.
   *
   * @param what what is read: the beginning of a message
   * @throws TruncatedObjectException if there are fewer
   */
  public static void copy(String what, AnswerBody ciphertext, long length, RangeSink sink)
      throws IOException {
    long left = length;
    while (left > 0) {
      ByteBuffer room = sink.room();
      int wanted = (int) Math.min(left, room.remaining());
      int limit = room.limit();
      int count = ciphertext.read(room.limit(room.position() + wanted));
      room.limit(limit);
      if (count < 0) {
        throw new TruncatedObjectException(
            what + ": the answer ended " + left + " bytes too early", 0);
      }
      left -= count;
      sink.arrived(count);
      if (left > LONG_BYTES && count < PIECE_BYTES && count < wanted) {
        LockSupport.parkNanos(MOMENT_NANOS);
      }
    }
    if (ciphertext.read() >= 0) {
      throw new StoreProtocolException(
          StoreProtocolException.Fault.LENGTH, what + ": the answer is longer than announced");
    }
  }
}
