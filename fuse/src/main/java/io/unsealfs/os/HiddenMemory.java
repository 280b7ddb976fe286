package io.unsealfs.os;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Files in memory that have no name: a tmpfs of its own that is attached to no directory tree, of
 * huge pages, which no swap device ever sees. Its files count as this process's memory, whoever
 * reads them.
 */
public final class HiddenMemory implements Closeable {
  /** What a file's size is rounded up to, bytes: a huge page. */
  public static final long UNIT = 2L << 20;

  private static final byte[] DOT = {'.', 0};
  private static final int O_RDWR = 2;

  /** With O_DIRECTORY, which glibc's O_TMPFILE contains. */
  private static final int O_TMPFILE = 0x40_0000 | OpenFlags.DIRECTORY;

  private static final Path SWAPS = Path.of("/proc/swaps");

  private static final Path HUGE_PAGES =
      Path.of("/sys/kernel/mm/transparent_hugepage/shmem_enabled");

  private final Descriptor root;

  private HiddenMemory(Descriptor root) {
    this.root = root;
  }

  /**
   * Makes one.
   *
   * @param bytes the most that all files may take together, {@code > 0}
   * @throws SystemCallException EPERM without the privilege, EINVAL where the kernel has no huge
   *     pages for tmpfs or denies them, or neither leaves tmpfs out of swap nor has no swap
   */
  public static HiddenMemory create(long bytes) throws SystemCallException {
    return create(bytes, HiddenMemoryCalls.CALLS, SWAPS, HUGE_PAGES);
  }

  /**
   * As above, on a kernel of this behaviour with this list of swap devices and this word on huge
   * pages.
   */
  static HiddenMemory create(long bytes, HiddenMemoryCalls calls, Path swaps, Path hugePages)
      throws SystemCallException {
    if (bytes <= 0) {
      throw new IllegalArgumentException("tmpfs takes a size of 0 for no limit");
    }
    if (isDenied(hugePages)) {
      // the kernel takes the option all the same
      throw new SystemCallException(hugePages + " says deny, tmpfs huge=", ErrorNumber.EINVAL);
    }
    try (DetachedFileSystem tmpfs = DetachedFileSystem.begin("tmpfs", calls)) {
      tmpfs.set("size", Long.toString(bytes));
      tmpfs.set("mode", "0700");
      tmpfs.set("huge", "within_size");
      try {
        tmpfs.set("noswap");
      } catch (SystemCallException e) {
        // kernels before 6.4 do not know it; without swap there is nothing to be left out of
        if (hasSwap(swaps)) {
          throw e;
        }
      }
      tmpfs.create();
      return new HiddenMemory(tmpfs.mounted());
    }
  }

  private static boolean isDenied(Path hugePages) {
    try {
      return Files.readString(hugePages).contains("[deny]");
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean hasSwap(Path swaps) {
    try {
      return Files.readString(swaps).lines().count() > 1;
    } catch (IOException e) {
      return true;
    }
  }

  /**
   * A new file of its final size, which decides about huge pages. Never filled parts read as zeros.
   *
   * @throws SystemCallException ENOSPC where there is no room
   */
  public MemoryFile file(long bytes) throws SystemCallException {
    int directory = root.acquire();
    try {
      Descriptor opened =
          Descriptor.opened(
              "open O_TMPFILE",
              WriteCalls.CALLS.openat(
                  directory,
                  DOT,
                  O_TMPFILE | O_RDWR | WriteCalls.O_EXCL | OpenFlags.CLOEXEC,
                  0600));
      MemoryFile file = new MemoryFile(opened);
      boolean done = false;
      try {
        file.resize(bytes);
        done = true;
        return file;
      } finally {
        if (!done) {
          file.close();
        }
      }
    } finally {
      root.release();
    }
  }

  /** What a file of that size takes, in whole huge pages; bytes. */
  public static long roundedUp(long size) {
    return (size + UNIT - 1) / UNIT * UNIT;
  }

  /** What all files take now, those included that live on after they were closed here; bytes. */
  public long usedBytes() throws SystemCallException {
    FileSystemStatus status = FileSystemStatus.of(root);
    return (status.blocks() - status.freeBlocks()) * status.blockSize();
  }

  /** Lets go of it; files live on as long as they are open. */
  @Override
  public void close() {
    root.close();
  }
}
