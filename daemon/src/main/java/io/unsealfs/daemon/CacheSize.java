package io.unsealfs.daemon;

import io.unsealfs.os.CgroupMemory;
import org.jspecify.annotations.Nullable;

/**
 * How much memory the cache of decrypted blocks gets. Modest by default: what is read again comes
 * from the kernel's page cache, which takes whatever memory is free; this cache serves what the
 * kernel does not keep, and the work ahead of a reader.
 *
 * @param memoryBytes what this process may use: the limit of its control groups, or the machine
 * @param heapBytes the most the Java heap may grow to, which is where the cache lives
 */
record CacheSize(long memoryBytes, long heapBytes) {
  private static final long DEFAULT_MOST = 256L << 20;
  private static final int MEMORY_SHARE = 8;
  private static final int HEAP_SHARE = 4;

  /** Heap that everything else needs: buffers of requests, the volume's tables, key derivation. */
  private static final long REST_OF_HEAP = 64L << 20;

  static CacheSize ofThisProcess() {
    return new CacheSize(
        CgroupMemory.limitBytes().orElse(Long.MAX_VALUE), Runtime.getRuntime().maxMemory());
  }

  /** The least of 256 MiB, an eighth of the memory, a quarter of the heap; bytes. */
  long defaultBytes() {
    return Math.min(DEFAULT_MOST, Math.min(memoryBytes / MEMORY_SHARE, heapBytes / HEAP_SHARE));
  }

  /** The largest cache the heap has room for: half of it, and no less than 64 MiB left; bytes. */
  long mostBytes() {
    return Math.max(0, Math.min(heapBytes / 2, heapBytes - REST_OF_HEAP));
  }

  /**
   * The size asked for, or the default.
   *
   * @throws UsageException if the heap has no room for it
   */
  long bytes(@Nullable ByteSize asked) throws UsageException {
    if (asked == null) {
      return Math.min(defaultBytes(), mostBytes());
    }
    if (asked.bytes() > mostBytes()) {
      throw new UsageException(
          "--cache "
              + asked
              + ": the Java heap, at most "
              + (heapBytes >> 20)
              + " MiB here, has room for "
              + (mostBytes() >> 20)
              + " MiB; ask for less or give the machine or container more memory (what is read"
              + " again comes from the kernel's page cache anyway)");
    }
    return asked.bytes();
  }
}
