package io.unsealfs.volume.ext4;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Recently used pieces of the device that hold metadata. A structure that is aligned to its size, a
 * power of two of at most one block, lies in one piece. Thread-safe; two threads may load the same
 * piece, nobody waits for another.
 */
final class MetadataCache {
  private static final int PIECE_SIZE = 16 << 10;
  private static final int CAPACITY_BYTES = 16 << 20;

  private final BlockDevice device;
  private final int pieceSize;
  private final Cache<Long, byte[]> pieces;

  MetadataCache(BlockDevice device, int blockSize) {
    this.device = device;
    this.pieceSize = Math.max(PIECE_SIZE, blockSize);
    this.pieces =
        Caffeine.newBuilder()
            .maximumSize(CAPACITY_BYTES / pieceSize)
            .executor(Runnable::run)
            .build();
  }

  /** The piece that holds the byte at {@code offset} of the file system; not to be changed. */
  byte[] piece(long offset) throws IOException {
    Long index = offset / pieceSize;
    byte[] known = pieces.getIfPresent(index);
    if (known != null) {
      return known;
    }
    long start = index * pieceSize;
    byte[] piece = new byte[(int) Math.min(pieceSize, device.size() - start)];
    device.read(start, ByteBuffer.wrap(piece));
    pieces.put(index, piece);
    return piece;
  }

  /** Where in its piece the byte at {@code offset} is. */
  int within(long offset) {
    return (int) (offset % pieceSize);
  }
}
