package io.unsealfs.bench;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** One thing that a round does with every subject. */
enum Workload {
  SEQUENTIAL,
  MAPPED,
  LOADERS,
  TENSORS_ORDERED,
  TENSORS_SHUFFLED,
  PARALLEL,
  ALTERNATE,
  REREAD,
  RANDOM_4K_1,
  RANDOM_4K_4,
  RANDOM_64K_1,
  RANDOM_64K_4,
  SMALL_FILES,
  LIST,
  STAT,
  FRESH,
  MEMORY;

  /** Name on the command line and in the figures. */
  String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Whether larger requests of the kernel can change it, so that subjects differ by them. */
  boolean readsAhead() {
    return switch (this) {
      case SEQUENTIAL,
          MAPPED,
          LOADERS,
          TENSORS_ORDERED,
          TENSORS_SHUFFLED,
          PARALLEL,
          ALTERNATE,
          REREAD ->
          true;
      default -> false;
    };
  }

  /** Whether it is about one large file, which may be resident. */
  boolean tellsOfResident() {
    return switch (this) {
      case SEQUENTIAL,
          MAPPED,
          LOADERS,
          TENSORS_ORDERED,
          TENSORS_SHUFFLED,
          RANDOM_4K_1,
          RANDOM_4K_4 ->
          true;
      default -> false;
    };
  }

  /** Whether the file has to be what it claims to be. */
  boolean readsHeader() {
    return this == TENSORS_ORDERED || this == TENSORS_SHUFFLED;
  }

  /** Whether it makes mounts of its own instead of using the one that lasts all rounds. */
  boolean mountsAnew() {
    return this == FRESH || this == MEMORY;
  }

  /** How often it is done when there are {@code rounds}. */
  int repetitions(int rounds) {
    return this == MEMORY ? 1 : rounds;
  }

  static Set<Workload> parse(String list) {
    Set<Workload> chosen = EnumSet.noneOf(Workload.class);
    for (String word : list.split(",", -1)) {
      chosen.add(
          Arrays.stream(values())
              .filter(workload -> workload.id().equals(word))
              .findFirst()
              .orElseThrow(
                  () -> new IllegalArgumentException(word + ": unknown; " + BenchOptions.USAGE)));
    }
    return chosen;
  }
}
