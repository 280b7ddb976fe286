package io.unsealfs.os;

import com.kenai.jffi.MemoryIO;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;

/**
 * Buffers outside of the Java heap, in memory that comes from the kernel and goes back to it with
 * the collection after the last reference. That of {@link ByteBuffer#allocateDirect} does not: the
 * C library keeps what it was given back for whoever wants some next.
 */
public final class BufferMemory {
  private static final int PROT_READ_WRITE = 1 | 2;

  /** All pages at once: that is several times as fast as one after the other on first use. */
  private static final int MAP_PRIVATE_ANONYMOUS_POPULATE = 0x02 | 0x20 | 0x8000;

  private BufferMemory() {}

  /**
   * A buffer of zeros; it counts as used from now on.
   *
   * @param bytes at least 1; whole pages are taken
   * @throws SystemCallException if the kernel gives none
   */
  public static ByteBuffer allocate(int bytes) throws SystemCallException {
    if (bytes <= 0) {
      throw new IllegalArgumentException("a buffer of " + bytes + " bytes");
    }
    long address =
        Libc.CALLS.mmap(null, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_POPULATE, -1, 0);
    if (address == -1) {
      throw new SystemCallException("mmap", Libc.errno());
    }
    ByteBuffer buffer = MemoryIO.getInstance().newDirectByteBuffer(address, bytes);
    // slices and duplicates refer to the buffer they were made of
    Cleaner.Cleanable _ = Lazy.CLEANER.register(buffer, new Mapping(address, bytes));
    return buffer;
  }

  /** What is given back; must not refer to the buffer. */
  private record Mapping(long address, long bytes) implements Runnable {
    @Override
    public void run() {
      int _ = Libc.CALLS.munmap(address, bytes);
    }
  }

  /** A thread that only those have who take such memory. */
  private static final class Lazy {
    static final Cleaner CLEANER = Cleaner.create();
  }
}
