package io.unsealfs.volume.gocryptfs;

import io.unsealfs.crypto.Scrypt;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.VolumeLimits;

/**
 * What unlocking with a passphrase costs. The config file is not authenticated, so every figure is
 * the host's until the key is unwrapped.
 */
record ScryptCost(int n, int r, int p) {
  static final int MIN_N = 1 << 10;
  static final int MIN_R = 8;
  static final int MIN_P = 1;

  /** Bounds that keep all arithmetic on the figures in range; RFC 7914 has the one of r * p. */
  static final int MAX_N = 1 << 30;

  static final int MAX_R = 1 << 20;
  static final long MAX_LANES = (1L << 30) - 1;

  /** Refuses, before anything is allocated, what exceeds the limits or this process's memory. */
  void checkAffordable(VolumeLimits limits) throws VolumeFormatException {
    long memory = memory();
    // the limit is meant for the table, 128 * N * r; the rest is small unless p is absurd
    long compared = Math.max(128L * n * r, 256L * r * p);
    if (compared > limits.kdfMemory()) {
      throw tooMuch(
          mebibytes(compared)
              + " MiB of memory, the limit is "
              + mebibytes(limits.kdfMemory())
              + " MiB");
    }
    long work = (long) n * r * p;
    if (work > limits.kdfWork()) {
      throw tooMuch(work + " block operations, the limit is " + limits.kdfWork());
    }
    long free = freeHeap();
    if (memory > free) {
      // what looks used may be garbage
      System.gc();
      free = freeHeap();
    }
    if (memory > free) {
      throw tooMuch(
          mebibytes(memory)
              + " MiB of memory, the heap has "
              + mebibytes(free)
              + " MiB left: give Java a larger one (-Xmx)");
    }
    long machine = machineMemory();
    if (memory > machine) {
      throw tooMuch(
          mebibytes(memory)
              + " MiB of memory, this machine or container has "
              + mebibytes(machine)
              + " MiB");
    }
  }

  /** Bytes of heap that the derivation takes. */
  long memory() {
    return Scrypt.memory(n, r, p);
  }

  private VolumeFormatException tooMuch(String why) {
    return new VolumeFormatException(
        GocryptfsConfig.FILE_NAME
            + ": scrypt with N="
            + n
            + " r="
            + r
            + " p="
            + p
            + " needs "
            + why);
  }

  private static long freeHeap() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
  }

  /** Memory of the machine, or of the control group if that is less. */
  private static long machineMemory() {
    return java.lang.management.ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Long.MAX_VALUE;
  }

  private static long mebibytes(long bytes) {
    return (bytes >> 20) + (bytes % (1 << 20) == 0 ? 0 : 1);
  }
}
