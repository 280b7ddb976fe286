package io.unsealfs.storage.local;

import io.unsealfs.os.Descriptor;
import io.unsealfs.os.FileStatus;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;

/** The bytes of one local file, in the version that was seen first. */
final class LocalSource implements Source {
  private final Descriptor descriptor;
  private final byte[] path;
  private final FileStatus first;

  LocalSource(Descriptor descriptor, byte[] path, FileStatus first) {
    this.descriptor = descriptor;
    this.path = path;
    this.first = first;
  }

  @Override
  public long size() {
    return first.size();
  }

  @Override
  public int read(long offset, ByteBuffer dst) throws IOException {
    if (offset < 0) {
      throw new IllegalArgumentException("negative offset " + offset);
    }
    if (dst.isReadOnly()) {
      throw new ReadOnlyBufferException();
    }
    int wanted = (int) Math.min(dst.remaining(), Math.max(0, first.size() - offset));
    int start = dst.position();
    boolean served = false;
    try {
      boolean complete = wanted == 0 || transfer(offset, wanted, dst);
      // After the bytes, not before: a change that came first shows here, one that comes later
      // could not have reached them.
      if (!complete || !Ledger.same(first, FileStatus.of(descriptor))) {
        throw Ledger.stale(path);
      }
      served = true;
      return wanted;
    } catch (SystemCallException e) {
      throw LocalErrors.translate(e, LocalNode.location(path));
    } finally {
      if (!served) {
        dst.position(start);
      }
    }
  }

  private boolean transfer(long offset, int wanted, ByteBuffer dst) throws SystemCallException {
    int limit = dst.limit();
    try {
      return descriptor.read(dst.limit(dst.position() + wanted), offset) == wanted;
    } finally {
      dst.limit(limit);
    }
  }

  @Override
  public boolean willNeed(long offset, long length) {
    return length == 0 || advise(offset, length, Descriptor.Advice.WILL_NEED);
  }

  @Override
  public void doneWith(long offset, long length) {
    boolean _ = advise(offset, length, Descriptor.Advice.DO_NOT_NEED);
  }

  private boolean advise(long offset, long length, Descriptor.Advice advice) {
    if (length <= 0 || offset < 0) {
      return false;
    }
    try {
      descriptor.advise(offset, length, advice);
      return true;
    } catch (SystemCallException e) {
      // A hint only: closed meanwhile, or a file system that knows no hints.
      return false;
    }
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
