package io.unsealfs.soak;

import java.util.EnumMap;
import java.util.Map;

/** What was done so far. One thread at a time. */
final class Tally {
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
        + " descriptors";
  }
}
