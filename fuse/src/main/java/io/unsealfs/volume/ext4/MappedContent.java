package io.unsealfs.volume.ext4;

import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.function.LongPredicate;

/**
 * The content of one file: runs of blocks of the device, and zeros between them. Each run of a
 * request is one read of the device. The device is not closed with it.
 */
final class MappedContent implements Source {
  private static final byte[] ZEROS = new byte[64 << 10];

  /** Runs that one hint is passed on for; a file in more pieces is not worth more hints. */
  private static final int MAX_HINTED_RUNS = 32;

  private final BlockDevice device;
  private final BlockMap map;
  private final long size;
  private final int blockSize;
  private volatile boolean closed;

  MappedContent(BlockDevice device, BlockMap map, long size, int blockSize) {
    this.device = device;
    this.map = map;
    this.size = size;
    this.blockSize = blockSize;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long offset, ByteBuffer dst) throws IOException {
    if (offset < 0) {
      throw new IllegalArgumentException("negative offset");
    }
    if (closed) {
      throw new ClosedChannelException();
    }
    if (offset >= size || !dst.hasRemaining()) {
      return 0;
    }
    int wanted = (int) Math.min(dst.remaining(), size - offset);
    int start = dst.position();
    int limit = dst.limit();
    BlockMap.Run run = new BlockMap.Run();
    boolean served = false;
    try {
      for (int done = 0; done < wanted; ) {
        done += piece(offset + done, wanted - done, run, dst);
        dst.limit(limit);
      }
      served = true;
      return wanted;
    } finally {
      dst.limit(limit);
      if (!served) {
        dst.position(start);
      }
    }
  }

  private int piece(long offset, int wanted, BlockMap.Run run, ByteBuffer dst) throws IOException {
    int within = (int) (offset % blockSize);
    map.find(offset / blockSize, blocksFor(within, wanted), run);
    int length = (int) Math.min(wanted, run.length * blockSize - within);
    if (run.physical == 0) {
      for (int left = length; left > 0; left -= ZEROS.length) {
        dst.put(ZEROS, 0, Math.min(left, ZEROS.length));
      }
    } else {
      dst.limit(dst.position() + length);
      device.read(run.physical * blockSize + within, dst);
    }
    return length;
  }

  private long blocksFor(long within, long bytes) {
    return (within + bytes + blockSize - 1) / blockSize;
  }

  /** Receives a range of the device. */
  private interface Ranges {
    boolean take(long offset, long length) throws IOException;
  }

  /** Passes on where a range of the file lies, until {@code ranges} has had enough. */
  private boolean forEachRange(long offset, long length, int maxRuns, Ranges ranges)
      throws IOException {
    long end = length < 0 || offset > size - length ? size : offset + length;
    BlockMap.Run run = new BlockMap.Run();
    int runs = 0;
    for (long at = offset; at < end; ) {
      long within = at % blockSize;
      map.find(at / blockSize, blocksFor(within, end - at), run);
      long piece = Math.min(end - at, run.length * blockSize - within);
      if (run.physical != 0
          && (runs++ == maxRuns || !ranges.take(run.physical * blockSize + within, piece))) {
        return false;
      }
      at += piece;
    }
    return true;
  }

  @Override
  public boolean willNeed(long offset, long length) {
    if (length == 0 || offset < 0 || offset >= size) {
      return device.willNeed(0, 0);
    }
    try {
      return forEachRange(offset, length, MAX_HINTED_RUNS, device::willNeed);
    } catch (IOException e) {
      // a hint only: whoever reads there meets the damage
      return false;
    }
  }

  @Override
  public void doneWith(long offset, long length) {
    if (length <= 0 || offset < 0 || offset >= size) {
      return;
    }
    try {
      boolean _ =
          forEachRange(
              offset,
              length,
              MAX_HINTED_RUNS,
              (from, bytes) -> {
                device.doneWith(from, bytes);
                return true;
              });
    } catch (IOException e) {
      // a hint only
    }
  }

  @Override
  public boolean preload(long offset, long length, LongPredicate goOn) throws IOException {
    return forEachRange(
        offset, length, Integer.MAX_VALUE, (from, bytes) -> device.preload(from, bytes, goOn));
  }

  @Override
  public boolean warm(long offset, long length, LongPredicate goOn) throws IOException {
    return forEachRange(
        offset, length, Integer.MAX_VALUE, (from, bytes) -> device.warm(from, bytes, goOn));
  }

  @Override
  public void close() {
    closed = true;
  }
}
