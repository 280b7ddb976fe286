package io.unsealfs.mount.resident;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which files are known to be damaged, the ones last asked for: filling them again would end the
 * same way. Bounded, since whoever writes the ciphertext decides how many are damaged. What was
 * dropped is found out anew. Not thread-safe.
 */
final class DamagedFiles {
  private final Map<Long, Boolean> known;

  /**
   * None yet.
   *
   * @param most how many are remembered
   */
  DamagedFiles(int most) {
    known =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
            return size() > most;
          }
        };
  }

  void add(long fileId) {
    known.put(fileId, true);
  }

  /** Whether this one is; if so it is the last one to be dropped from now on. */
  boolean contains(long fileId) {
    return known.get(fileId) != null;
  }
}
