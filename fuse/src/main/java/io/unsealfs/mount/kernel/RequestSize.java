package io.unsealfs.mount.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How large the kernel lets a request be. Larger ones cost less per byte; what the kernel really
 * sends is bounded by its read-ahead.
 *
 * @param pages memory pages per request
 */
record RequestSize(int pages) {
  private static final Path LIMIT = Path.of("/proc/sys/fs/fuse/max_pages_limit");

  /** The limit of kernels that have no setting for it. */
  private static final int USUAL_PAGES = 256;

  /** More gains nothing that was measured, and each worker has a buffer of that size. */
  private static final int MOST_BYTES = 4 << 20;

  private static final int PAGE_BYTES = 4096;
  private static final int NUMBER_BYTES = 32;

  /** What this kernel allows. */
  static RequestSize allowed() {
    return allowed(LIMIT);
  }

  static RequestSize allowed(Path limitFile) {
    int limit;
    // Read in one piece: such a file gives its later bytes to nobody.
    try (InputStream file = Files.newInputStream(limitFile)) {
      limit =
          Integer.parseInt(
              new String(file.readNBytes(NUMBER_BYTES), StandardCharsets.US_ASCII).strip());
    } catch (IOException | NumberFormatException e) {
      // an older kernel, or /proc is not there: it clips what it is asked for
      limit = USUAL_PAGES;
    }
    return new RequestSize(Math.clamp(limit, 1, MOST_BYTES / PAGE_BYTES));
  }

  /** The same in bytes; where pages are larger than 4 KiB, the kernel's requests stay smaller. */
  int bytes() {
    return pages * PAGE_BYTES;
  }
}
