package io.unsealfs.storage.chunk;

import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;

/** One object, opened. What it reads is shared with all others who have the same version open. */
final class ChunkSource implements Source {
  private final ChunkStore store;
  private final ChunkReader reader;
  private final StoredObject object;
  private final boolean alone;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Whether the end is to be fetched with whatever is read first. */
  private final AtomicBoolean endExpected = new AtomicBoolean();

  /** Whether what follows the start is to be fetched with it. */
  private final AtomicBoolean startExpected = new AtomicBoolean();

  /**
   * A source of {@code object}, which was opened for it.
   *
   * @param alone whether the store is closed with it
   */
  ChunkSource(ChunkStore store, ChunkReader reader, StoredObject object, boolean alone) {
    this.alone = alone;
    this.store = store;
    this.reader = reader;
    this.object = object;
  }

  @Override
  public long size() {
    return object.size();
  }

  @Override
  public int read(long offset, ByteBuffer dst) throws IOException {
    if (offset < 0) {
      throw new IllegalArgumentException("negative offset " + offset);
    }
    if (dst.isReadOnly()) {
      throw new ReadOnlyBufferException();
    }
    if (closed.get()) {
      throw new ClosedChannelException();
    }
    int wanted = (int) Math.min(dst.remaining(), Math.max(0, object.size() - offset));
    if (wanted == 0) {
      return 0;
    }
    if (endExpected.get() && endExpected.getAndSet(false)) {
      reader.orderEnd(object);
    }
    int start = dst.position();
    boolean served = false;
    try {
      boolean atStart = startExpected.get() && startExpected.getAndSet(false) && offset == 0;
      reader.read(object, offset, wanted, dst, atStart);
      served = true;
      return wanted;
    } finally {
      if (!served) {
        dst.position(start);
      }
    }
  }

  /** What comes next is found out from the reads themselves, across all who read the object. */
  @Override
  public boolean willNeed(long offset, long length) {
    return true;
  }

  @Override
  public void expectStart() {
    startExpected.set(true);
  }

  @Override
  public void expectEnd() {
    endExpected.set(true);
  }

  @Override
  public void doneWith(long offset, long length) {
    if (length > 0 && offset >= 0 && offset < object.size()) {
      store.drop(object, offset, Math.min(length, object.size() - offset));
    }
  }

  @Override
  public boolean distrust(long offset, long length) {
    return length > 0
        && offset >= 0
        && offset < object.size()
        && store.distrust(object, offset, Math.min(length, object.size() - offset));
  }

  @Override
  public boolean warm(long offset, long length, LongPredicate goOn) throws IOException {
    if (closed.get()) {
      throw new ClosedChannelException();
    }
    return store.warm(object, offset, length, goOn);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      store.closed(object);
      if (alone) {
        store.close();
      }
    }
  }

  @Override
  public String toString() {
    return object.toString();
  }
}
