package io.unsealfs.soak;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What was done so far. One thread at a time. */
final class Tally {
  /** As the daemon's figures name them. */
  private static final List<String> RESIDENT_WORDS =
      List.of("filled", "given up", "refused", "evicted");

  private final Map<Ending, Integer> endings = new EnumMap<>(Ending.class);
  private long operations;
  private long bytes;
  private long interrupted;
  private long refused;
  private long mounts;
  private long signals;
  private long readersKilled;
  private long mostResidentBytes;
  private int mostDescriptors;
  private long squeezes;
  private final long[] resident = new long[RESIDENT_WORDS.size()];

  void add(long moreOperations, long moreBytes, long moreInterrupted, long moreRefused) {
    operations += moreOperations;
    bytes += moreBytes;
    interrupted += moreInterrupted;
    refused += moreRefused;
  }

  void mounted() {
    mounts++;
  }

  void ended(Ending ending) {
    endings.merge(ending, 1, Integer::sum);
  }

  void signalled(boolean fatal) {
    signals++;
    readersKilled += fatal ? 1 : 0;
  }

  void daemon(long residentBytes, int descriptors) {
    mostResidentBytes = Math.max(mostResidentBytes, residentBytes);
    mostDescriptors = Math.max(mostDescriptors, descriptors);
  }

  /** Memory was made short. */
  void squeezed() {
    squeezes++;
  }

  /** Adds what a daemon's log says at its end of resident files; killed ones say nothing. */
  void resident(String log) {
    for (int i = 0; i < resident.length; i++) {
      Matcher found = Pattern.compile("([0-9]+) " + RESIDENT_WORDS.get(i)).matcher(log);
      while (found.find()) {
        resident[i] += Long.parseLong(found.group(1));
      }
    }
  }

  /** Files that became resident. */
  long fills() {
    return resident[0];
  }

  long operations() {
    return operations;
  }

  int endings(Ending ending) {
    return endings.getOrDefault(ending, 0);
  }

  @Override
  public String toString() {
    return operations
        + " operations, "
        + (bytes >> 20)
        + " MiB compared, "
        + signals
        + " signals ("
        + readersKilled
        + " readers killed, "
        + interrupted
        + " calls interrupted), "
        + mounts
        + " mounts, ends "
        + endings
        + ", "
        + refused
        + " errors while unmounting, daemon at most "
        + (mostResidentBytes >> 20)
        + " MiB and "
        + mostDescriptors
        + " descriptors"
        + (fills() == 0
            ? ""
            : ", resident "
                + Arrays.toString(resident)
                + " "
                + RESIDENT_WORDS
                + ", "
                + squeezes
                + " squeezes");
  }
}
