package io.unsealfs.volume.ext4;

import io.unsealfs.block.IntegrityException;
import java.io.IOException;

/** Finds inodes by number and checks them (ext4.md sections 3 and 10). Thread-safe. */
final class InodeTable {
  private final Superblock superblock;
  private final GroupDescriptors groups;
  private final MetadataCache cache;

  InodeTable(Superblock superblock, GroupDescriptors groups, MetadataCache cache) {
    this.superblock = superblock;
    this.groups = groups;
    this.cache = cache;
  }

  /**
   * The inode of that number.
   *
   * @throws IntegrityException if there is none, or its checksum is wrong
   */
  Inode read(long number) throws IOException {
    if (number < 1 || number > superblock.inodes()) {
      throw IntegrityException.of("inode " + number, "there is none of that number");
    }
    long group = (number - 1) / superblock.inodesPerGroup();
    long slot = (number - 1) % superblock.inodesPerGroup();
    long offset = groups.inodeTable(group) * superblock.blockSize() + slot * superblock.inodeSize();
    byte[] piece = cache.piece(offset);
    Inode inode = new Inode(number, piece, cache.within(offset), superblock);
    inode.requireIntact();
    return inode;
  }
}
