package io.unsealfs.os;

import java.lang.ref.Cleaner;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import jnr.ffi.Pointer;

/**
 * A secret in pages of its own outside the Java heap: locked against swapping, left out of core
 * dumps, empty in forked children, wiped before it is given back. Where the kernel refuses to lock
 * (RLIMIT_MEMLOCK), the secret is kept all the same and {@link #unlockedCount()} tells.
 *
 * <p>Thread-safe. Holds at least one page, so it is meant for few secrets.
 */
public final class LockedMemory implements AutoCloseable {
  private static final int PROT_READ_WRITE = 1 | 2;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x02 | 0x20;
  private static final int MADV_DONTDUMP = 16;
  private static final int MADV_WIPEONFORK = 18;
  private static final int SC_PAGESIZE = 30;
  private static final int MAX_BYTES = 1 << 24;

  private static final Cleaner FORGOTTEN = Cleaner.create();
  private static final AtomicInteger UNLOCKED = new AtomicInteger();

  /** The pages; must not refer to the {@link LockedMemory}, or nothing would ever be forgotten. */
  private static final class Pages implements Runnable {
    private final long address;
    private final long bytes;
    private final Pointer memory;
    private final InUse users = new InUse();

    Pages(long bytes) {
      this.bytes = bytes;
      this.address = Libc.CALLS.mmap(null, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
      if (address == -1) {
        throw new IllegalStateException(
            "no memory for a secret: mmap: " + ErrorNumber.text(Libc.errno()));
      }
      this.memory = Libc.pointer(address, bytes);
      if (Libc.CALLS.mlock(address, bytes) != 0) {
        UNLOCKED.incrementAndGet();
      }
      // Refused only by kernels older than these flags; nothing more can be done there.
      int _ = Libc.CALLS.madvise(address, bytes, MADV_DONTDUMP);
      int _ = Libc.CALLS.madvise(address, bytes, MADV_WIPEONFORK);
    }

    @Override
    public void run() {
      if (users.close()) {
        giveBack();
      }
    }

    void leave() {
      if (users.leave()) {
        giveBack();
      }
    }

    private void giveBack() {
      memory.setMemory(0, bytes, (byte) 0);
      int _ = Libc.CALLS.munmap(address, bytes);
    }
  }

  private final int size;
  private final Pages pages;
  private final Cleaner.Cleanable cleanable;

  private LockedMemory(int size) {
    if (size < 0 || size > MAX_BYTES) {
      throw new IllegalArgumentException("secret of " + size + " bytes");
    }
    long page = Math.max(1, Libc.CALLS.sysconf(SC_PAGESIZE));
    this.size = size;
    this.pages = new Pages(Math.max(1, (size + page - 1) / page) * page);
    this.cleanable = FORGOTTEN.register(this, pages);
  }

  /** Zeros, to be filled through {@link #write}. */
  public static LockedMemory allocate(int size) {
    return new LockedMemory(size);
  }

  /** Holds a copy of {@code secret}; wiping the original is the caller's business. */
  public static LockedMemory copyOf(byte[] secret) {
    LockedMemory memory = new LockedMemory(secret.length);
    memory.write(0, secret);
    return memory;
  }

  /** How many holders of this process, open or closed, the kernel refused to lock. */
  public static int unlockedCount() {
    return UNLOCKED.get();
  }

  /** Length in bytes, also once closed. */
  public int size() {
    return size;
  }

  /**
   * Overwrites the secret from {@code offset}.
   *
   * @throws IllegalStateException once closed
   */
  public void write(int offset, byte[] bytes) {
    Objects.checkFromIndexSize(offset, bytes.length, size);
    enter();
    try {
      pages.memory.put(offset, bytes, 0, bytes.length);
    } finally {
      pages.leave();
    }
  }

  /**
   * Lends a copy of the secret to {@code use} and wipes the copy afterwards. The result must not be
   * the lent array.
   *
   * @throws IllegalStateException once closed
   */
  public <T> T use(Function<byte[], T> use) {
    byte[] lent = new byte[size];
    try {
      enter();
      try {
        pages.memory.get(0, lent, 0, size);
      } finally {
        pages.leave();
      }
      return use.apply(lent);
    } finally {
      Arrays.fill(lent, (byte) 0);
    }
  }

  private void enter() {
    if (!pages.users.enter()) {
      throw new IllegalStateException("the secret was destroyed");
    }
  }

  /** Address of the first byte, for tests that look whether it is gone. */
  long address() {
    return pages.address;
  }

  /** Wipes and gives back; idempotent. A copy being made meanwhile is finished first. */
  @Override
  public void close() {
    cleanable.clean();
  }

  @Override
  public String toString() {
    return "LockedMemory";
  }
}
