package io.unsealfs.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongPredicate;

/**
 * Random-access bytes of known size: one object of a storage back end, or the plaintext made from
 * one. Thread-safe and positional; there is no cursor.
 */
public interface Source extends Closeable {

  /** Size in bytes; constant for the life of the source. */
  long size();

  /**
   * Fills {@code dst} from {@code offset} and advances its position.
   *
   * @param offset first byte to read, {@code >= 0}
   * @return bytes read: {@code dst.remaining()} unless the end of the source comes first; 0 at or
   *     past the end. A short read anywhere else is a bug of the implementation.
   * @throws IOException if a byte of the range cannot be served; nothing of {@code dst} may then be
   *     used
   */
  int read(long offset, ByteBuffer dst) throws IOException;

  /**
   * A hint that the range will be read soon. Never waits for the bytes and never fails. With a
   * length of 0 it only asks whether hints are of use.
   *
   * @return whether this source brings the range closer on its own account; false if the caller has
   *     to read it to have it
   */
  default boolean willNeed(long offset, long length) {
    return false;
  }

  /**
   * A hint, to be given before the first read, that what follows the start will be read after it:
   * the source may bring it along. Never waits and never fails.
   */
  default void expectStart() {}

  /**
   * A hint that whoever reads the source wants its end as soon as its beginning. Never waits and
   * never fails.
   */
  default void expectEnd() {}

  /** A hint that nobody will read the range again soon: it need not be kept in memory. */
  default void doneWith(long offset, long length) {}

  /**
   * Says that bytes of the range turned out not to be authentic. A source that keeps copies of what
   * is stored elsewhere drops them.
   *
   * @return whether reading the range again may bring other bytes; true also for who comes late,
   *     when they are there already, so that it is to be read again once and not until it is right
   */
  default boolean distrust(long offset, long length) {
    return false;
  }

  /**
   * Brings plaintext into the cache ahead of any reader, from the front. A source without a cache
   * has nothing to do.
   *
   * @param goOn asked before each piece; is told how many bytes the piece before it brought
   * @return whether all is there; false if it was stopped, or the cache has no more room
   * @throws IOException if a byte cannot be served
   */
  default boolean preload(LongPredicate goOn) throws IOException {
    return preload(0, size(), goOn);
  }

  /** As {@link #preload(LongPredicate)}, for a range that lies inside. */
  default boolean preload(long offset, long length, LongPredicate goOn) throws IOException {
    return true;
  }

  /**
   * Brings stored bytes from far away into a cache on this machine's disk, from the front, behind
   * all that readers want. A source that has no such cache has nothing to do.
   *
   * @param offset of a range that lies inside
   * @param goOn asked before each piece; is told how many bytes the piece before it had; asked with
   *     0 while a piece is waited for
   * @return whether all of it is there; false if it was stopped
   * @throws IOException if a byte cannot be had, or the cache does not take it
   */
  default boolean warm(long offset, long length, LongPredicate goOn) throws IOException {
    return true;
  }
}
