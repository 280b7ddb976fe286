package io.unsealfs.bench;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a run of the read bench does.
 *
 * @param home the checkout whose launcher and C sources are used
 * @param rounds interleaved rounds, at least 1
 * @param sizeMebibytes size of the large file
 * @param smallFiles number of files of 4 KiB
 * @param manyFiles number of entries of the large directory
 * @param randomMillis most time of one pass of random reads
 * @param memoryPasses how often the large file is read before memory is looked at
 * @param json where the figures of every round go, if anywhere
 * @param svg where the chart goes, if anywhere
 * @param workloads what is measured
 */
record BenchOptions(
    Path home,
    int rounds,
    int sizeMebibytes,
    int smallFiles,
    int manyFiles,
    int randomMillis,
    int memoryPasses,
    Optional<Path> json,
    Optional<Path> svg,
    Set<Workload> workloads) {

  static final String USAGE =
      "usage: tests/bench/run [--rounds N] [--size MIB] [--json FILE] [--svg FILE]"
          + " [--only WORKLOAD,...] [--quick]; workloads: "
          + Arrays.stream(Workload.values()).map(Workload::id).collect(Collectors.joining(","));

  /** Bytes read before the memory of a daemon is looked at, unless the run is a short one. */
  private static final int MEMORY_MEBIBYTES = 8192;

  static final int LARGEST_MEBIBYTES = 8192;

  /** Reads the words of the command line. */
  static BenchOptions parse(Path home, String... words) {
    boolean quick = Arrays.asList(words).contains("--quick");
    int rounds = quick ? 2 : 5;
    int size = quick ? 256 : 1024;
    Optional<Path> json = Optional.empty();
    Optional<Path> svg = Optional.empty();
    Set<Workload> workloads = EnumSet.allOf(Workload.class);
    for (int i = 0; i < words.length; i++) {
      String word = words[i];
      if (word.equals("--quick")) {
        continue;
      }
      if (i + 1 == words.length) {
        throw new IllegalArgumentException(USAGE);
      }
      String value = words[++i];
      switch (word) {
        case "--rounds" -> rounds = number(word, value, 1, 1000);
        case "--size" -> size = number(word, value, 4, LARGEST_MEBIBYTES);
        case "--json" -> json = Optional.of(Path.of(value));
        case "--svg" -> svg = Optional.of(Path.of(value));
        case "--only" -> workloads = Workload.parse(value);
        default -> throw new IllegalArgumentException(word + ": unknown; " + USAGE);
      }
    }
    return new BenchOptions(
        home,
        rounds,
        size,
        1000,
        10_000,
        quick ? 400 : 1500,
        quick ? 8 : Math.max(1, (MEMORY_MEBIBYTES + size - 1) / size),
        json,
        svg,
        workloads);
  }

  private static int number(String option, String text, int least, int most) {
    try {
      int value = Integer.parseInt(text);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // reported below, with the range
    }
    throw new IllegalArgumentException(
        option + " " + text + ": give a number from " + least + " to " + most);
  }

  long sizeBytes() {
    return (long) sizeMebibytes << 20;
  }
}
