package io.unsealfs.storage.object;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** Carries the bytes of a checked answer to where they are wanted. */
public final class RangeBody {
  private RangeBody() {}

  /**
   * Reads {@code length} bytes, and the end behind them so that the connection can serve again.
   *
   * @param what what is read: the beginning of a message
   * @throws TruncatedObjectException if there are fewer
   */
  public static void copy(String what, InputStream ciphertext, long length, RangeSink sink)
      throws IOException {
    long left = length;
    while (left > 0) {
      ByteBuffer room = sink.room();
      int wanted = (int) Math.min(left, room.remaining());
      int count = ciphertext.read(room.array(), room.arrayOffset() + room.position(), wanted);
      if (count < 0) {
        throw new TruncatedObjectException(
            what + ": the answer ended " + left + " bytes too early", 0);
      }
      room.position(room.position() + count);
      left -= count;
      sink.arrived(count);
    }
    if (ciphertext.read() >= 0) {
      throw new StoreProtocolException(what + ": the answer is longer than announced");
    }
  }
}
