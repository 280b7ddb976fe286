package io.unsealfs.os;

import com.kenai.jffi.MemoryIO;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;

/**
 * A buffer outside of the Java heap, in memory that comes from the kernel and goes back to it with
 * {@link #close}, or with the collection after the last reference. That of {@link
 * ByteBuffer#allocateDirect} does not: the C library keeps what it was given back for whoever wants
 * some next.
 */
public final class BufferMemory implements AutoCloseable {
  private static final int PROT_READ_WRITE = 1 | 2;

  /** All pages at once: that is several times as fast as one after the other on first use. */
  private static final int MAP_PRIVATE_ANONYMOUS_POPULATE = 0x02 | 0x20 | 0x8000;

  private final ByteBuffer buffer;
  private final Cleaner.Cleanable memory;

  private BufferMemory(ByteBuffer buffer, Mapping mapping) {
    this.buffer = buffer;
    // of the buffer: slices and duplicates refer to the one they were made of
    this.memory = Lazy.CLEANER.register(buffer, mapping);
  }

  /**
   * Zeros; they count as used memory from now on.
   *
   * @param bytes at least 1; whole pages are taken
   * @throws SystemCallException if the kernel gives none
   */
  public static BufferMemory allocate(int bytes) throws SystemCallException {
    if (bytes <= 0) {
      throw new IllegalArgumentException("a buffer of " + bytes + " bytes");
    }
    long address =
        Libc.CALLS.mmap(null, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_POPULATE, -1, 0);
    if (address == -1) {
      throw new SystemCallException("mmap", Libc.errno());
    }
    return new BufferMemory(
        MemoryIO.getInstance().newDirectByteBuffer(address, bytes), new Mapping(address, bytes));
  }

  /** All of it. */
  public ByteBuffer buffer() {
    return buffer;
  }

  /**
   * Gives it back. Idempotent. Nobody may use the buffer, or what was made of it, during or after
   * this: that would end the process. It is the owner's to see to.
   */
  @Override
  public void close() {
    memory.clean();
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
