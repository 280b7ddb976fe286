package io.unsealfs.os;

import com.kenai.jffi.MemoryIO;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import jnr.ffi.Pointer;

/**
 * Much memory for a short time, outside the Java heap: for key derivations that want more than the
 * heap of a daemon is worth. In blocks of 1 KiB, left out of core dumps, empty in forked children,
 * wiped and given back by {@link #close}. Not locked: the limit for that is far smaller.
 *
 * <p>Threads may read and write different blocks side by side. Nobody may use it during or after
 * {@link #close}; that is the owner's to see to.
 */
public final class ScratchMemory implements AutoCloseable {
  /** Bytes of a block. */
  public static final int BLOCK_BYTES = 1024;

  /** Words of a block. */
  public static final int BLOCK_LONGS = BLOCK_BYTES / Long.BYTES;

  private static final int PROT_READ_WRITE = 1 | 2;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x02 | 0x20;
  private static final int MADV_HUGEPAGE = 14;
  private static final int MADV_DONTDUMP = 16;
  private static final int MADV_WIPEONFORK = 18;

  /** Bytes behind one buffer, whose length is an int. */
  private static final long WINDOW = 1L << 30;

  private static final int BLOCKS_PER_WINDOW = (int) (WINDOW / BLOCK_BYTES);

  private final long address;
  private final long bytes;
  private final LongBuffer[] windows;
  private final AtomicBoolean closed = new AtomicBoolean();

  private ScratchMemory(long address, long bytes) {
    this.address = address;
    this.bytes = bytes;
    this.windows = new LongBuffer[Math.toIntExact(Math.ceilDiv(bytes, WINDOW))];
    for (int i = 0; i < windows.length; i++) {
      int size = (int) Math.min(WINDOW, bytes - i * WINDOW);
      windows[i] =
          MemoryIO.getInstance()
              .newDirectByteBuffer(address + i * WINDOW, size)
              .order(ByteOrder.nativeOrder())
              .asLongBuffer();
    }
  }

  /**
   * Zeros.
   *
   * @param bytes a multiple of {@link #BLOCK_BYTES}
   * @throws SystemCallException if the kernel gives none
   */
  public static ScratchMemory allocate(long bytes) throws SystemCallException {
    if (bytes <= 0 || bytes % BLOCK_BYTES != 0) {
      throw new IllegalArgumentException("scratch memory of " + bytes + " bytes");
    }
    long address = Libc.CALLS.mmap(null, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
    if (address == -1) {
      throw new SystemCallException("mmap", Libc.errno());
    }
    // wishes only: a kernel without them does the same, slower or with a larger dump
    int _ = Libc.CALLS.madvise(address, bytes, MADV_HUGEPAGE);
    int _ = Libc.CALLS.madvise(address, bytes, MADV_DONTDUMP);
    int _ = Libc.CALLS.madvise(address, bytes, MADV_WIPEONFORK);
    return new ScratchMemory(address, bytes);
  }

  /** Copies a block out. */
  public void read(long block, long[] into) {
    window(block).get(offset(block), into, 0, BLOCK_LONGS);
  }

  /** Copies a block in. */
  public void write(long block, long[] from) {
    window(block).put(offset(block), from, 0, BLOCK_LONGS);
  }

  private LongBuffer window(long block) {
    return windows[(int) (block / BLOCKS_PER_WINDOW)];
  }

  private static int offset(long block) {
    return (int) (block % BLOCKS_PER_WINDOW) * BLOCK_LONGS;
  }

  /** Wipes and gives back; idempotent. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      Pointer memory = Libc.pointer(address, bytes);
      memory.setMemory(0, bytes, (byte) 0);
      int _ = Libc.CALLS.munmap(address, bytes);
    }
  }
}
