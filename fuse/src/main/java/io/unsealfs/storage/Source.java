package io.unsealfs.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

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
}
