package io.unsealfs.os;

import java.io.Closeable;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * A file without a name whose content lies in memory and is gone with the last process that has it
 * open. The kernel may move it to swap space, if there is any: see {@link #isSwapInUse()}.
 */
public final class UnnamedMemory implements Closeable {
  private final Descriptor descriptor;
  private final int number;

  private UnnamedMemory(Descriptor descriptor, int number) {
    this.descriptor = descriptor;
    this.number = number;
  }

  /** An empty file of {@code size} bytes that takes memory only for what is written. */
  public static UnnamedMemory create(long size) throws SystemCallException {
    byte[] name = {'u', 'n', 's', 'e', 'a', 'l', 'f', 's', 0};
    int number = WriteCalls.CALLS.memfd_create(name, WriteCalls.MFD_CLOEXEC);
    Descriptor descriptor = Descriptor.opened("memfd_create", number);
    try {
      Checked.call("ftruncate", WriteCalls.CALLS.ftruncate(number, size));
      return new UnnamedMemory(descriptor, number);
    } catch (SystemCallException e) {
      descriptor.close();
      throw e;
    }
  }

  /** Whether this machine has swap space, where memory may end up on a disk. */
  public static boolean isSwapInUse() {
    return CgroupFiles.text(Path.of("/proc/swaps")).lines().count() > 1;
  }

  /** A path by which this process, and nobody else, can open the file once more. */
  public String ownPath() {
    return "/proc/self/fd/" + number;
  }

  /** Fills {@code dst} from {@code offset}, as {@link Descriptor#read} does. */
  public int read(ByteBuffer dst, long offset) throws SystemCallException {
    return descriptor.read(dst, offset);
  }

  /** First byte from {@code offset} on that was written; -1 if there is none. */
  public long nextData(long offset) throws SystemCallException {
    return seek(offset, WriteCalls.SEEK_DATA);
  }

  /** First byte from {@code offset} on that was never written, at the latest the end. */
  public long nextHole(long offset) throws SystemCallException {
    return seek(offset, WriteCalls.SEEK_HOLE);
  }

  private long seek(long offset, int whence) throws SystemCallException {
    int fd = descriptor.acquire();
    try {
      long found = WriteCalls.CALLS.lseek(fd, offset, whence);
      if (found < 0 && Libc.errno() != ErrorNumber.ENXIO) {
        throw new SystemCallException("lseek", Libc.errno());
      }
      return found;
    } finally {
      descriptor.release();
    }
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
