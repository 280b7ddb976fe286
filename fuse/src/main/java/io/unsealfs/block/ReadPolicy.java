package io.unsealfs.block;

import org.jspecify.annotations.Nullable;

/**
 * How the files of a volume are read.
 *
 * @param readAhead how files read in sequence are loaded ahead, or null for not at all
 * @param dropBehind whether ciphertext is let out of the page cache behind a reader who reads a
 *     file in sequence, so that memory does not hold every byte twice
 * @param helpers threads that share the work of a large request while cores are idle; 0 for none
 */
public record ReadPolicy(ReadAhead.@Nullable Policy readAhead, boolean dropBehind, int helpers) {

  /** Nothing ahead, nothing dropped, nobody helps. */
  public static final ReadPolicy PLAIN = new ReadPolicy(null, false, 0);

  /** Fewest cores with which helpers pay: with fewer, readers and transport keep them busy. */
  private static final int LEAST_CORES = 4;

  /** Checks the number of helpers. */
  public ReadPolicy {
    if (helpers < 0) {
      throw new IllegalArgumentException("negative number of helpers");
    }
  }

  /** Nothing is loaded ahead. */
  public ReadPolicy(boolean dropBehind, int helpers) {
    this(null, dropBehind, helpers);
  }

  /** The same without loading ahead. */
  public ReadPolicy withoutReadAhead() {
    return new ReadPolicy(null, dropBehind, helpers);
  }

  /** As many helpers as pay on a machine of {@code cores} cores. */
  public static int helpersFor(int cores) {
    return cores < LEAST_CORES ? 0 : cores - 1;
  }
}
