package io.unsealfs.block;

import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Ciphertext in an array, with a hook before each read and a count of them. */
final class MemorySource implements Source {
  /** Runs before a read is answered. */
  interface Hook {
    void beforeRead(long offset, int length) throws IOException;
  }

  final AtomicInteger reads = new AtomicInteger();
  final AtomicBoolean closed = new AtomicBoolean();
  private final byte[] bytes;

  /** Where the ranges asked for by hints begin. */
  final List<Long> hints = new CopyOnWriteArrayList<>();

  /** Ranges said to be done with: offset and length in turn. */
  final List<Long> done = new CopyOnWriteArrayList<>();

  private volatile boolean hinted;
  private volatile Hook hook = (offset, length) -> {};

  MemorySource(byte[] bytes) {
    this.bytes = bytes;
  }

  void beforeRead(Hook newHook) {
    hook = newHook;
  }

  /** From now on hints are taken. */
  void takesHints() {
    hinted = true;
  }

  @Override
  public boolean willNeed(long offset, long length) {
    if (hinted && length > 0) {
      hints.add(offset);
    }
    return hinted;
  }

  @Override
  public void doneWith(long offset, long length) {
    done.add(offset);
    done.add(length);
  }

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public int read(long offset, ByteBuffer dst) throws IOException {
    reads.incrementAndGet();
    hook.beforeRead(offset, dst.remaining());
    if (closed.get()) {
      throw new IOException("read from a closed source");
    }
    if (offset >= bytes.length) {
      return 0;
    }
    int length = (int) Math.min(dst.remaining(), bytes.length - offset);
    dst.put(bytes, (int) offset, length);
    return length;
  }

  @Override
  public void close() {
    closed.set(true);
  }
}
