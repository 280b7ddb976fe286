package io.unsealfs.os;

import java.io.Closeable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Files in memory that have no name: a tmpfs of its own that is attached to no directory tree, of
 * huge pages, which no swap device ever sees. Its files count as this process's memory, whoever
 * reads them.
 */
public final class HiddenMemory implements Closeable {
  /** What a file's size is rounded up to, bytes: a huge page. */
  public static final long UNIT = 2L << 20;

  private static final int FSOPEN_CLOEXEC = 1;
  private static final int FSMOUNT_CLOEXEC = 1;
  private static final int SET_FLAG = 0;
  private static final int SET_STRING = 1;
  private static final int CREATE = 6;

  /** MOUNT_ATTR_NOSUID, NODEV and NOEXEC. */
  private static final int ATTRIBUTES = 2 | 4 | 8;

  private static final byte[] DOT = {'.', 0};
  private static final int O_RDWR = 2;

  /** With O_DIRECTORY, which glibc's O_TMPFILE contains. */
  private static final int O_TMPFILE = 0x40_0000 | OpenFlags.DIRECTORY;

  private static final Path SWAPS = Path.of("/proc/swaps");

  private final Descriptor root;

  private HiddenMemory(Descriptor root) {
    this.root = root;
  }

  /**
   * Makes one.
   *
   * @param bytes the most that all files may take together
   * @throws SystemCallException EPERM without the privilege, EINVAL where the kernel has no huge
   *     pages for tmpfs, or neither leaves tmpfs out of swap nor has no swap
   */
  public static HiddenMemory create(long bytes) throws SystemCallException {
    try (Descriptor context =
        Descriptor.opened(
            "fsopen tmpfs",
            HiddenMemoryCalls.CALLS.syscall(
                HiddenMemoryCalls.SYS_FSOPEN, text("tmpfs"), FSOPEN_CLOEXEC))) {
      int fd = context.acquire();
      try {
        configure(fd, SET_STRING, "size", Long.toString(bytes));
        configure(fd, SET_STRING, "mode", "0700");
        configure(fd, SET_STRING, "huge", "within_size");
        leaveOutOfSwap(fd);
        configure(fd, CREATE, null, null);
        return new HiddenMemory(
            Descriptor.opened(
                "fsmount tmpfs",
                HiddenMemoryCalls.CALLS.syscall(
                    HiddenMemoryCalls.SYS_FSMOUNT, fd, FSMOUNT_CLOEXEC, ATTRIBUTES)));
      } finally {
        context.release();
      }
    }
  }

  private static void leaveOutOfSwap(int fd) throws SystemCallException {
    try {
      configure(fd, SET_FLAG, "noswap", null);
    } catch (SystemCallException e) {
      // kernels before 6.4 do not know it; without swap there is nothing to be left out of
      if (hasSwap()) {
        throw e;
      }
    }
  }

  private static boolean hasSwap() {
    try {
      return Files.readString(SWAPS).lines().count() > 1;
    } catch (java.io.IOException e) {
      return true;
    }
  }

  private static void configure(int fd, int command, @Nullable String key, @Nullable String value)
      throws SystemCallException {
    long result =
        HiddenMemoryCalls.CALLS.syscall(
            HiddenMemoryCalls.SYS_FSCONFIG,
            fd,
            command,
            key == null ? null : text(key),
            value == null ? null : text(value),
            0);
    Checked.call("fsconfig tmpfs" + (key == null ? "" : " " + key), (int) result);
  }

  private static byte[] text(String word) {
    return Libc.terminated(word.getBytes(StandardCharsets.US_ASCII));
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

  /** Lets go of it; files live on as long as they are open. */
  @Override
  public void close() {
    root.close();
  }
}
