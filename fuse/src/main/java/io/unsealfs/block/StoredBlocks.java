package io.unsealfs.block;

import io.unsealfs.block.BlockLayout.CiphertextRange;
import io.unsealfs.block.BlockLayout.Extents;
import io.unsealfs.storage.Source;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads runs of an encrypted file's blocks, each run in one piece, and decrypts them block by
 * block: extents for the cache, or what a reader wants straight into his buffer. Owns the
 * ciphertext source and closes it when closed and no load uses it any more: read-ahead of a file
 * may outlive its handle for a moment, and must not read from a descriptor that is somebody else's
 * by then.
 */
final class StoredBlocks implements ExtentLoader, Closeable {
  /**
   * Plaintext bytes read and decrypted in one go: so many that a system call costs little per byte,
   * so few that ciphertext and plaintext are still in the core's cache when they are wanted again.
   */
  static final int RUN_BYTES = 256 << 10;

  private final Source ciphertext;
  // both change under this lock, and not any more once the header is settled
  private volatile BlockCipher cipher;
  private volatile boolean headerSettled;
  private final AtomicBoolean headerDistrusted = new AtomicBoolean();
  private final Extents extents;
  private final BlockLayout layout;
  private final String location;
  private final Pace pace;
  private final @Nullable Crew crew;
  private final BlockWork work;
  private final int blocksPerRun;
  private final BufferPool storedPool;
  private final BufferPool plaintextPool;
  private final AtomicInteger users = new AtomicInteger(1);

  StoredBlocks(
      Source ciphertext,
      BlockCipher cipher,
      Extents extents,
      String location,
      Pace pace,
      BlockCache cache) {
    this.ciphertext = ciphertext;
    this.cipher = cipher;
    this.extents = extents;
    this.layout = extents.layout();
    this.location = location;
    this.pace = pace;
    this.crew = cache.crew();
    this.work = cache.work();
    this.blocksPerRun = Math.max(1, RUN_BYTES / layout.plaintextBlockSize());
    int storedBlocks = Math.max(blocksPerRun, extents.blocksPerExtent());
    this.storedPool = cache.pool(Math.multiplyExact(storedBlocks, layout.ciphertextBlockSize()));
    this.plaintextPool = cache.pool(Math.multiplyExact(blocksPerRun, layout.plaintextBlockSize()));
  }

  @Override
  public int plaintextLength(long extentIndex) {
    return extents.plaintextLength(extentIndex);
  }

  @Override
  public @Nullable BlockDamage load(long extentIndex, byte[] plaintext) throws IOException {
    acquire();
    try {
      return decrypt(
          extents.firstBlock(extentIndex), extents.blockCount(extentIndex), plaintext, 0, true);
    } finally {
      releaseAfterUse();
    }
  }

  /**
   * Decrypts whole blocks straight into {@code dst} and advances it.
   *
   * @param offset plaintext offset, where a block begins
   * @param length plaintext bytes, up to the end of a block or of the file
   * @throws IntegrityException if one of the blocks is damaged
   */
  void read(long offset, int length, ByteBuffer dst) throws IOException {
    acquire();
    try {
      if (dst.hasArray()) {
        read(offset, length, dst.array(), dst.arrayOffset() + dst.position());
        dst.position(dst.position() + length);
      } else {
        readThroughArray(offset, length, dst);
      }
    } finally {
      releaseAfterUse();
    }
  }

  /** Has the stored bytes of a range of plaintext brought nearer. */
  boolean warm(long offset, long length, long plaintextSize, LongPredicate goOn)
      throws IOException {
    if (length == 0) {
      return true;
    }
    acquire();
    try {
      CiphertextRange range = layout.ciphertextRange(offset, length, plaintextSize);
      return ciphertext.warm(range.offset(), range.length(), goOn);
    } finally {
      releaseAfterUse();
    }
  }

  private void readThroughArray(long offset, int length, ByteBuffer dst) throws IOException {
    byte[] plaintext = plaintextPool.take();
    int used = Math.min(length, plaintext.length);
    try {
      for (int done = 0; done < length; ) {
        int part = Math.min(used, length - done);
        read(offset + done, part, plaintext, 0);
        dst.put(plaintext, 0, part);
        done += part;
      }
    } finally {
      // not wiped before the mount ends: the next read overwrites it
      plaintextPool.give(plaintext);
    }
  }

  private void read(long offset, int length, byte[] into, int at) throws IOException {
    long first = layout.blockOf(offset);
    int count = (int) (layout.blockOf(offset + length - 1) - first + 1);
    if (crew == null || count < 2 * blocksPerRun) {
      readRuns(first, count, into, at);
      return;
    }
    crew.enter();
    try {
      if (crew.isIdle()) {
        new SpreadRead(this, first, count, Math.max(1, blocksPerRun / 2), into, at).run(crew);
      } else {
        readRuns(first, count, into, at);
      }
    } finally {
      crew.leave();
    }
  }

  private void readRuns(long first, int count, byte[] into, int at) throws IOException {
    for (int done = 0; done < count; done += blocksPerRun) {
      readRun(
          first + done,
          Math.min(blocksPerRun, count - done),
          into,
          at + done * layout.plaintextBlockSize());
    }
  }

  /** Decrypts one run of at most {@code RUN_BYTES}; the file is in use by the caller. */
  void readRun(long first, int count, byte[] into, int at) throws IOException {
    BlockDamage damage = decrypt(first, count, into, at, false);
    if (damage != null) {
      int bad = damage.firstIn(0, count - 1);
      throw damaged(first + bad, damage.problemOf(bad));
    }
  }

  /** What a reader is told of a damaged block. */
  IntegrityException damaged(long blockIndex, String problem) {
    return new IntegrityException(location, layout.ciphertextOffset(blockIndex), problem);
  }

  int plaintextBlockSize() {
    return layout.plaintextBlockSize();
  }

  /**
   * Reads and decrypts a run that fits a pooled array.
   *
   * @param all whether to go on after a damaged block
   */
  private @Nullable BlockDamage decrypt(
      long first, int count, byte[] plaintext, int at, boolean all) throws IOException {
    byte[] stored = storedPool.take();
    try {
      while (true) {
        BlockCipher used = cipher;
        BlockDamage damage = decryptWith(used, stored, first, count, plaintext, at, all);
        if ((damage == null || !headerWasToBlame(used)) && settle(used)) {
          return damage;
        }
      }
    } finally {
      storedPool.give(stored);
    }
  }

  /**
   * What was decrypted with this header is served: from now on it is the file's. Storage that shows
   * another one later has put another file in its place, and nobody who has this one open gets
   * bytes of two.
   *
   * @return false if the header was replaced meanwhile: what was decrypted with it is not served
   */
  private boolean settle(BlockCipher used) {
    if (headerSettled && cipher.equals(used)) {
      return true;
    }
    synchronized (this) {
      headerSettled |= cipher.equals(used);
      return cipher.equals(used);
    }
  }

  private @Nullable BlockDamage decryptWith(
      BlockCipher used, byte[] stored, long first, int count, byte[] plaintext, int at, boolean all)
      throws IOException {
    try (BlockCipher.Decryptor decryptor = used.borrow()) {
      return decrypt(decryptor, stored, first, count, plaintext, at, all);
    }
  }

  /**
   * Whether the file's header is another one than blocks were decrypted with: a copy of it was bad,
   * and each block of the file with it. Copies are dropped once for as long as the file is open.
   */
  private boolean headerWasToBlame(BlockCipher used) throws IOException {
    if (!cipher.equals(used)) {
      return true;
    }
    int headerSize = layout.headerSize();
    if (headerSize == 0 || headerSettled) {
      return false;
    }
    if (headerDistrusted.compareAndSet(false, true)) {
      boolean _ = ciphertext.distrust(0, headerSize);
    }
    BlockCipher renewed = used.renewed(ciphertext);
    if (renewed == null) {
      return false;
    }
    synchronized (this) {
      if (cipher.equals(used) && !headerSettled) {
        // once: storage that shows another one each time would keep us here
        cipher = renewed;
        headerSettled = true;
      }
      return !cipher.equals(used);
    }
  }

  private @Nullable BlockDamage decrypt(
      BlockCipher.Decryptor decryptor,
      byte[] stored,
      long first,
      int count,
      byte[] plaintext,
      int at,
      boolean all)
      throws IOException {
    CiphertextRange range =
        layout.ciphertextRange(
            layout.plaintextOffset(first),
            (long) count * layout.plaintextBlockSize(),
            extents.plaintextSize());
    int available;
    boolean blockwise = false;
    try {
      available = readStored(range.offset(), stored, 0, Math.toIntExact(range.length()));
    } catch (IntegrityException e) {
      // The ciphertext is itself the plaintext of something, and damaged somewhere: find out where.
      available = 0;
      blockwise = true;
    }
    long began = System.nanoTime();
    BlockDamage damage = null;
    int storedAt = 0;
    int plaintextAt = at;
    for (int block = 0; block < count; block++) {
      int length = layout.ciphertextLength(first + block, extents.plaintextSize());
      int plaintextEnd = plaintextAt + length - layout.overhead();
      try {
        if (blockwise) {
          available = storedAt + readStored(range.offset() + storedAt, stored, storedAt, length);
        }
        if (available < storedAt + length) {
          throw new IntegrityException("the stored file ends before the end of this block");
        }
        decryptor.decrypt(first + block, stored, storedAt, length, plaintext, plaintextAt);
      } catch (IntegrityException e) {
        if (!blockwise
            && isHealed(range, stored, storedAt, length)
            && isAuthentic(
                decryptor, first + block, stored, storedAt, length, plaintext, plaintextAt)) {
          work.healed();
          storedAt += length;
          plaintextAt = plaintextEnd;
          continue;
        }
        damage = damage == null ? new BlockDamage(count) : damage;
        damage.mark(block, e.problem());
        Arrays.fill(plaintext, plaintextAt, plaintextEnd, (byte) 0);
        if (!all) {
          return damage;
        }
      }
      storedAt += length;
      plaintextAt = plaintextEnd;
    }
    work.decrypted(System.nanoTime() - began);
    return damage;
  }

  /**
   * Whether a copy of what is stored elsewhere was to blame, not the storage: it is dropped, and
   * the rest of the run read anew, once.
   */
  private boolean isHealed(CiphertextRange range, byte[] stored, int storedAt, int length)
      throws IOException {
    if (!ciphertext.distrust(range.offset() + storedAt, length)) {
      return false;
    }
    int rest = Math.toIntExact(range.length()) - storedAt;
    return readStored(range.offset() + storedAt, stored, storedAt, rest) == rest;
  }

  private static boolean isAuthentic(
      BlockCipher.Decryptor decryptor,
      long block,
      byte[] stored,
      int storedAt,
      int length,
      byte[] plaintext,
      int plaintextAt) {
    try {
      decryptor.decrypt(block, stored, storedAt, length, plaintext, plaintextAt);
      return true;
    } catch (IntegrityException e) {
      return false;
    }
  }

  private int readStored(long offset, byte[] into, int at, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(into, at, length);
    boolean done = false;
    long began = System.nanoTime();
    try {
      ciphertext.read(offset, buffer);
      long tookNanos = System.nanoTime() - began;
      if (pace.wants(length)) {
        pace.took(length, tookNanos);
      }
      work.read(buffer.position() - at, tookNanos);
      done = true;
    } finally {
      if (!done) {
        work.failed(System.nanoTime() - began);
      }
    }
    return buffer.position() - at;
  }

  private void acquire() throws ClosedChannelException {
    int seen;
    do {
      seen = users.get();
      if (seen == 0) {
        throw new ClosedChannelException();
      }
    } while (!users.compareAndSet(seen, seen + 1));
  }

  private void release() throws IOException {
    if (users.decrementAndGet() == 0) {
      ciphertext.close();
    }
  }

  private void releaseAfterUse() {
    try {
      release();
    } catch (IOException e) {
      // The file was closed meanwhile. What was read is complete and authentic; that the back end
      // could not close cleanly changes nothing for this load.
      return;
    }
  }

  /** Closes the ciphertext, now or with the last load that uses it; called once. */
  @Override
  public void close() throws IOException {
    release();
  }

  @Override
  public String toString() {
    return location;
  }
}
