package io.unsealfs.block;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Makes the plaintext of one file's extents. Thread-safe. */
interface ExtentLoader {

  /** Plaintext bytes of an extent. */
  int plaintextLength(long extentIndex);

  /**
   * Fills {@code plaintext} with the extent's {@link #plaintextLength} bytes.
   *
   * @return the blocks that are not authentic, whose bytes are zero, or null if all are
   * @throws IOException if the extent cannot be served at all
   */
  @Nullable BlockDamage load(long extentIndex, byte[] plaintext) throws IOException;
}
