package io.unsealfs.volume.ext4;

import io.unsealfs.block.IntegrityException;
import java.io.IOException;

/** A file mapped by direct and indirect blocks, as in ext2 and ext3 (ext4.md section 5). */
final class IndirectMap implements BlockMap {
  private static final int DIRECT = 12;
  private static final int LEVELS = 3;
  private static final int POINTER_SIZE = 4;

  private final Inode inode;
  private final Superblock superblock;
  private final MetadataCache metadata;
  private final byte[] map;
  private final long pointersPerBlock;

  IndirectMap(Inode inode, Superblock superblock, MetadataCache metadata) {
    this.inode = inode;
    this.superblock = superblock;
    this.metadata = metadata;
    this.map = inode.map();
    this.pointersPerBlock = superblock.blockSize() / POINTER_SIZE;
  }

  /** Blocks that such a map can reach. */
  static long reach(int blockSize) {
    long n = blockSize / POINTER_SIZE;
    return Math.min(MAX_BLOCKS, DIRECT + n + n * n + n * n * n);
  }

  @Override
  public void find(long logical, long wanted, Run run) throws IOException {
    if (logical < DIRECT) {
      scan(map, 0, (int) logical, DIRECT, wanted, run);
      return;
    }
    long rest = logical - DIRECT;
    long span = pointersPerBlock;
    int level = 1;
    while (rest >= span) {
      rest -= span;
      span *= pointersPerBlock;
      if (++level > LEVELS) {
        throw inode.damaged("a block beyond the reach of its block map");
      }
    }
    long block = LittleEndian.u32(map, POINTER_SIZE * (DIRECT + level - 1));
    while (true) {
      if (block == 0) {
        run.zeros(span - rest);
        return;
      }
      require(block, 1);
      long offset = block * superblock.blockSize();
      byte[] piece = metadata.piece(offset);
      int at = metadata.within(offset);
      if (span == pointersPerBlock) {
        scan(piece, at, (int) rest, (int) pointersPerBlock, wanted, run);
        return;
      }
      span /= pointersPerBlock;
      block = LittleEndian.u32(piece, at + POINTER_SIZE * (int) (rest / span));
      rest %= span;
    }
  }

  /** Follows the pointers from {@code index} as long as they point to neighbours, or nowhere. */
  private void scan(byte[] bytes, int at, int index, int end, long wanted, Run run)
      throws IntegrityException {
    long first = LittleEndian.u32(bytes, at + POINTER_SIZE * index);
    long most = Math.min(wanted, end - index);
    int length = 1;
    while (length < most
        && LittleEndian.u32(bytes, at + POINTER_SIZE * (index + length))
            == (first == 0 ? 0 : first + length)) {
      length++;
    }
    if (first == 0) {
      run.zeros(length);
    } else {
      require(first, length);
      run.mapped(first, length);
    }
  }

  private void require(long first, long count) throws IntegrityException {
    if (!superblock.holds(first, count)) {
      throw inode.damaged("its block map points outside of the file system");
    }
  }
}
