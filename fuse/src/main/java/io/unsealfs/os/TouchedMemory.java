package io.unsealfs.os;

import java.io.Closeable;
import jnr.ffi.Pointer;

/**
 * Memory that this process has the kernel give it without using it, so that the machine has it when
 * it is needed: a hypervisor takes back what a guest has freed, and giving it again is slow. Empty
 * huge pages, where the kernel has some; {@link #giveBack} frees them one by one, and who asks for
 * such a page next gets them.
 *
 * <p>One thread touches; the rest is thread-safe.
 */
public final class TouchedMemory implements Closeable {
  /** What is touched and given back at a time, bytes: a huge page. */
  public static final long UNIT = HiddenMemory.UNIT;

  private static final int PROT_READ_WRITE = 1 | 2;

  /** MAP_PRIVATE, MAP_ANONYMOUS and MAP_NORESERVE. */
  private static final int MAP_FLAGS = 0x02 | 0x20 | 0x4000;

  private static final int MADV_DONTNEED = 4;
  private static final int MADV_DONTFORK = 10;
  private static final int MADV_HUGEPAGE = 14;
  private static final int MADV_DONTDUMP = 16;

  /** Since Linux 5.14. */
  private static final int MADV_POPULATE_WRITE = 23;

  private static final int PAGE = 4096;

  private final long mapping;
  private final long mappingBytes;
  private final long start;
  private final long mostBytes;
  private final int populate;
  private final InUse users = new InUse();

  // guarded by this; what is held lies between them, counted from start
  private long givenBytes;
  private long touchedBytes;

  private TouchedMemory(long mapping, long mappingBytes, long mostBytes, int populate) {
    this.mapping = mapping;
    this.mappingBytes = mappingBytes;
    this.start = (mapping + UNIT - 1) / UNIT * UNIT;
    this.mostBytes = mostBytes;
    this.populate = populate;
  }

  /**
   * Nothing touched yet.
   *
   * @param mostBytes all that will ever be touched; rounded down to whole units
   * @throws SystemCallException ENOMEM where the address space or the rules for overcommitting do
   *     not allow it
   */
  public static TouchedMemory upTo(long mostBytes) throws SystemCallException {
    return upTo(mostBytes, MADV_POPULATE_WRITE);
  }

  /** As above, on a kernel that takes this advice for the one to populate. */
  static TouchedMemory upTo(long mostBytes, int populate) throws SystemCallException {
    long whole = Math.max(0, mostBytes) / UNIT * UNIT;
    long bytes = Math.addExact(whole, UNIT);
    long mapping = Libc.CALLS.mmap(null, bytes, PROT_READ_WRITE, MAP_FLAGS, -1, 0);
    if (mapping == -1) {
      throw new SystemCallException("mmap", Libc.errno());
    }
    // each of them is refused by kernels that do not know it, and needed by none
    int _ = Libc.CALLS.madvise(mapping, bytes, MADV_HUGEPAGE);
    int _ = Libc.CALLS.madvise(mapping, bytes, MADV_DONTFORK);
    int _ = Libc.CALLS.madvise(mapping, bytes, MADV_DONTDUMP);
    return new TouchedMemory(mapping, bytes, whole, populate);
  }

  /**
   * Touches one unit more. Whoever calls has made sure that there is so much memory: where a
   * control group has none left, the kernel kills somebody.
   *
   * @return false if the kernel gives no more, or all that was to be touched is, or it is closed
   */
  public boolean touch() {
    long offset;
    synchronized (this) {
      offset = touchedBytes;
    }
    if (offset + UNIT > mostBytes || !users.enter()) {
      return false;
    }
    try {
      if (Libc.CALLS.madvise(start + offset, UNIT, populate) != 0) {
        if (Libc.errno() != ErrorNumber.EINVAL) {
          return false;
        }
        Pointer unit = Libc.pointer(start + offset, UNIT);
        for (int page = 0; page < UNIT; page += PAGE) {
          unit.putByte(page, (byte) 0);
        }
      }
      synchronized (this) {
        touchedBytes += UNIT;
      }
      return true;
    } finally {
      leave();
    }
  }

  /** Frees a unit, if one is held. */
  public void giveBack() {
    if (!users.enter()) {
      return;
    }
    try {
      long offset;
      synchronized (this) {
        if (givenBytes == touchedBytes) {
          return;
        }
        offset = givenBytes;
        givenBytes += UNIT;
      }
      int _ = Libc.CALLS.madvise(start + offset, UNIT, MADV_DONTNEED);
    } finally {
      leave();
    }
  }

  /** What is held now; 0 once closed. */
  public synchronized long heldBytes() {
    return users.closed() ? 0 : touchedBytes - givenBytes;
  }

  /** What was touched so far, given back or not. */
  public synchronized long touchedBytes() {
    return touchedBytes;
  }

  /** Address of the mapping, for tests that look whether it is gone. */
  long address() {
    return mapping;
  }

  /** Frees all of it. Idempotent; a unit that is being touched is finished first. */
  @Override
  public void close() {
    if (users.close()) {
      free();
    }
  }

  private void leave() {
    if (users.leave()) {
      free();
    }
  }

  private void free() {
    int _ = Libc.CALLS.munmap(mapping, mappingBytes);
  }
}
