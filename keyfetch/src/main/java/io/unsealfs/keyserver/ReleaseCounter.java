package io.unsealfs.keyserver;

import java.io.IOException;

/** Counts releases of secrets that may be released a certain number of times. Thread-safe. */
interface ReleaseCounter {

  /**
   * Counts one more release, durably, before it happens.
   *
   * @return false if there were {@code max} already; nothing is counted then
   * @throws IOException if it cannot be written down; nothing may be released then
   */
  boolean take(String secret, int max) throws IOException;
}
