package io.unsealfs.block;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Remembers which extents small reads touched lately: a few, and it forgets when two fall on one
 * place. Thread-safe without locks; what a race loses is only a hint.
 */
final class TouchFilter {
  private static final int PLACES = 64;

  private final AtomicLongArray recent = new AtomicLongArray(PLACES);

  /** Notes a touch of this extent; whether it was touched lately already. */
  boolean touch(long fileKey, long extentIndex) {
    long hash = mix(fileKey * 0x9e3779b97f4a7c15L + extentIndex) | 1;
    int place = (int) (hash >>> 58) % PLACES;
    if (recent.get(place) == hash) {
      return true;
    }
    recent.set(place, hash);
    return false;
  }

  /** The finaliser of SplitMix64: every bit of the input reaches every bit of the result. */
  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
