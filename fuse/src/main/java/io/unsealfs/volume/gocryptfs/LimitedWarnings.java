package io.unsealfs.volume.gocryptfs;

import io.unsealfs.storage.Name;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Passes each warning on once, and only so many: a hostile directory can hold any number of bad
 * entries, and is listed again and again.
 */
final class LimitedWarnings {
  private static final int MAX = 1000;

  private final Consumer<String> warnings;
  private final Set<String> given = ConcurrentHashMap.newKeySet();

  LimitedWarnings(Consumer<String> warnings) {
    this.warnings = warnings;
  }

  /** Warns of an entry that is left out of a listing. */
  void leftOut(String directory, Name stored, String problem) {
    give(directory + ": entry " + stored + " is left out: " + problem);
  }

  void give(String warning) {
    int before = given.size();
    if (before < MAX && given.add(warning)) {
      warnings.accept(warning);
      if (before == MAX - 1) {
        warnings.accept("further warnings of this volume are left out");
      }
    }
  }
}
