package io.unsealfs.storage.object;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Where the bytes of one ranged read go, in order, while they arrive. Called by the reading thread
 * only.
 */
public interface RangeSink {

  /**
   * Room for the next bytes: a buffer with at least one byte remaining, of an array or outside of
   * the heap. The store puts bytes at its position and may fill less than it holds. It is asked
   * again after each {@link #arrived}, so one read can fill several arrays.
   */
  ByteBuffer room();

  /**
   * {@code count} bytes, at least 1, were put into the last {@link #room}; its position is behind
   * them.
   *
   * @throws IOException if they are not what is wanted: the read ends with it
   */
  void arrived(int count) throws IOException;

  /** An answer broke the protocol before it brought a byte, and the store is asked once more. */
  default void asksAgain(StoreProtocolException.Fault fault) {}

  /** A sink that fills {@code ciphertext}, which has room for the whole range. */
  static RangeSink into(ByteBuffer ciphertext) {
    return new RangeSink() {
      @Override
      public ByteBuffer room() {
        return ciphertext;
      }

      @Override
      public void arrived(int count) {}
    };
  }
}
