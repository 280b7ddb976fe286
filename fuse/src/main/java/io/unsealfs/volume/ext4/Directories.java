package io.unsealfs.volume.ext4;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.unsealfs.block.IntegrityException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The entries of directories. Each is read from its first block to its last, whether it has an
 * index or not, and kept; what is kept finds a name faster than the index would. Thread-safe.
 */
final class Directories {
  private static final int CACHE_BYTES = 64 << 20;

  /** Most entries of one directory that are listed. */
  static final int MAX_ENTRIES = 1 << 20;

  private static final int MAX_NAME_BYTES = 48 << 20;
  private static final long MAX_BYTES = 512L << 20;
  private static final int READ_SIZE = 256 << 10;
  private static final int INLINE_PARENT_SIZE = 4;

  private final Superblock superblock;
  private final BlockDevice device;
  private final Contents contents;
  private final Cache<Long, DirectoryContents> known =
      Caffeine.newBuilder()
          .maximumWeight(CACHE_BYTES)
          .weigher((Long inode, DirectoryContents entries) -> entries.weight())
          .executor(Runnable::run)
          .build();

  Directories(Superblock superblock, BlockDevice device, Contents contents) {
    this.superblock = superblock;
    this.device = device;
    this.contents = contents;
  }

  /** What was read of that directory before; else null. */
  @org.jspecify.annotations.Nullable
  DirectoryContents cached(long inode) {
    return known.getIfPresent(inode);
  }

  /** The entries of {@code inode}, a directory. */
  DirectoryContents read(Inode inode) throws IOException {
    DirectoryContents.Builder entries = new DirectoryContents.Builder();
    if (inode.has(Inode.INLINE_DATA)) {
      inline(inode, entries);
    } else {
      blocks(inode, entries);
    }
    DirectoryContents read = entries.build(inode);
    known.put(inode.number(), read);
    return read;
  }

  private void inline(Inode inode, DirectoryContents.Builder entries) throws IOException {
    byte[] first = inode.map();
    DirectoryBlock block = new DirectoryBlock(inode, superblock, entries);
    block.entries(first, INLINE_PARENT_SIZE, first.length, superblock.blockSize());
    byte[] rest = InodeAttributes.inlineRest(inode);
    block.entries(rest, 0, rest.length, superblock.blockSize());
    entries.parent(LittleEndian.u32(first, 0));
  }

  private void blocks(Inode inode, DirectoryContents.Builder entries) throws IOException {
    int blockSize = superblock.blockSize();
    long size = inode.size();
    long count = size / blockSize;
    if (size % blockSize != 0 || count < 1 || count > superblock.blocks() || size > MAX_BYTES) {
      throw inode.damaged("it is a directory of " + size + " bytes");
    }
    BlockMap map = contents.map(inode);
    BlockMap.Run run = new BlockMap.Run();
    DirectoryBlock block = new DirectoryBlock(inode, superblock, entries);
    byte[] buffer = new byte[(int) Math.min(size, Math.max(READ_SIZE, blockSize))];
    for (long at = 0; at < count; ) {
      map.find(at, count - at, run);
      if (run.physical == 0) {
        throw inode.damaged("it is a directory with a hole");
      }
      int blocks = (int) Math.min(run.length, Math.min(count - at, buffer.length / blockSize));
      device.read(run.physical * blockSize, ByteBuffer.wrap(buffer, 0, blocks * blockSize));
      for (int i = 0; i < blocks; i++) {
        block.read(buffer, i * blockSize, at + i == 0);
        requireBounded(inode, entries);
      }
      at += blocks;
    }
  }

  private static void requireBounded(Inode inode, DirectoryContents.Builder entries)
      throws IntegrityException {
    if (entries.count() > MAX_ENTRIES || entries.nameBytes() > MAX_NAME_BYTES) {
      throw inode.damaged(
          "it is a directory of more than "
              + MAX_ENTRIES
              + " entries or "
              + (MAX_NAME_BYTES >> 20)
              + " MiB of names, the most that is shown");
    }
  }
}
