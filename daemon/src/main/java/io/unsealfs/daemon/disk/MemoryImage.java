package io.unsealfs.daemon.disk;

import io.unsealfs.os.CgroupMemory;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.os.UnnamedMemory;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.StorageException;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * An ext4 file system with the content of a directory, made by {@code mkfs.ext4 -d} in a file that
 * has no name and lies in memory: mkfs writes its image in the clear and in no order, so the image
 * must not touch a disk, and cannot be encrypted on the way. It takes as much memory as the tree.
 */
public final class MemoryImage implements Source {
  private static final String MKFS = "mkfs.ext4";
  private static final int[] SPARE_PERCENT = {2, 15, 50};

  /** What else the machine needs while the image is there. */
  private static final long SPARE_MEMORY = 64L << 20;

  private static final int MOST_COMPLAINTS = 4096;

  private final UnnamedMemory file;
  private final long size;

  private MemoryImage(UnnamedMemory file, long size) {
    this.file = file;
    this.size = size;
  }

  /**
   * Builds the image.
   *
   * @throws StorageException if mkfs.ext4 is missing or fails, or the memory does not suffice
   */
  public static MemoryImage of(Path directory) throws IOException {
    TreeFootprint footprint = TreeFootprint.of(directory);
    long available = CgroupMemory.leftBytes();
    if (footprint.contentBytes() > available - SPARE_MEMORY) {
      throw new StorageException(
          directory
              + ": the plaintext image is built in memory, never on a disk, and would take "
              + (footprint.contentBytes() >> 20)
              + " MiB; "
              + (available >> 20)
              + " MiB are free: use a larger machine, or --format gocryptfs");
    }
    String complaint = "";
    for (int spare : SPARE_PERCENT) {
      long size = footprint.imageBytes(spare);
      UnnamedMemory file = create(size);
      boolean kept = false;
      try {
        complaint = run(directory, file, footprint.inodes());
        if (complaint.isEmpty()) {
          kept = true;
          return new MemoryImage(file, size);
        }
      } finally {
        if (!kept) {
          file.close();
        }
      }
      String lower = complaint.toLowerCase(Locale.ROOT);
      if (!lower.contains("space") && !lower.contains("allocate")) {
        break;
      }
    }
    throw new StorageException(directory + ": " + complaint);
  }

  private static UnnamedMemory create(long size) throws StorageException {
    try {
      return UnnamedMemory.create(size);
    } catch (SystemCallException e) {
      throw new StorageException("no memory for the plaintext image: " + e.getMessage(), e);
    }
  }

  /** Runs mkfs; what it complains of, or nothing. */
  private static String run(Path directory, UnnamedMemory file, long inodes) throws IOException {
    // The child gets the file as its standard input and opens that anew: nothing else of this
    // process is open to it, and no name leads to the file.
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(
                MKFS,
                "-q",
                "-F",
                "-b",
                "4096",
                "-I",
                "256",
                "-m",
                "0",
                "-N",
                String.valueOf(inodes),
                "-O",
                "^has_journal,^resize_inode",
                "-E",
                "nodiscard",
                "-d",
                directory.toAbsolutePath().toString(),
                "/proc/self/fd/0"));
    builder.redirectInput(new File(file.ownPath())).redirectErrorStream(true);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new StorageException(
          "luks2 needs " + MKFS + ", which could not be started: install package e2fsprogs", e);
    }
    try {
      byte[] said = process.getInputStream().readNBytes(MOST_COMPLAINTS);
      long _ = process.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
      int status = process.waitFor();
      if (status == 0) {
        return "";
      }
      String text = new String(said, StandardCharsets.UTF_8).strip().replaceAll("\\s+", " ");
      return MKFS + " failed with status " + status + ": " + text;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StorageException(MKFS + " was interrupted", e);
    } finally {
      process.destroyForcibly();
      boolean _ = waitBriefly(process);
    }
  }

  private static boolean waitBriefly(Process process) {
    try {
      return process.waitFor(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public long size() {
    return size;
  }

  /** {@inheritDoc} What was never written is not read: that would take memory. */
  @Override
  public int read(long offset, ByteBuffer dst) throws IOException {
    int wanted = (int) Math.min(dst.remaining(), Math.max(0, size - offset));
    int start = dst.position();
    try {
      long data = wanted == 0 ? -1 : file.nextData(offset);
      if (data < 0 || data >= offset + wanted) {
        dst.put(new byte[wanted]);
        return wanted;
      }
      int limit = dst.limit();
      int read = file.read(dst.limit(start + wanted), offset);
      dst.limit(limit);
      return read;
    } catch (SystemCallException e) {
      dst.position(start);
      throw new StorageException("the plaintext image cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
