package io.unsealfs.volume.ext4;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.FileTree;

/** Reads and checks the entries of one block of a directory (ext4.md sections 6 and 10). */
final class DirectoryBlock {
  private static final int HEADER_SIZE = 8;
  private static final int LEAST_ENTRY = 12;
  private static final int TAIL_SIZE = 12;
  private static final int TAIL_TYPE = 0xde;
  private static final int LARGEST_BLOCK = 1 << 16;
  private static final int ROOT_INDEX_AT = 0x20;
  private static final int NODE_INDEX_AT = 0x8;

  private final Inode inode;
  private final Superblock superblock;
  private final DirectoryContents.Builder entries;

  DirectoryBlock(Inode inode, Superblock superblock, DirectoryContents.Builder entries) {
    this.inode = inode;
    this.superblock = superblock;
    this.entries = entries;
  }

  /**
   * Takes in a whole block.
   *
   * @param first whether it is the directory's first
   */
  void read(byte[] bytes, int at, boolean first) throws IntegrityException {
    int size = superblock.blockSize();
    int end = at + size;
    if (superblock.features().checksums()) {
      boolean index =
          inode.has(Inode.INDEXED)
              && (first
                  || (LittleEndian.s32(bytes, at) == 0
                      && recordLength(bytes, at + 4, size) == size));
      if (index) {
        requireIndexChecksum(bytes, at, at + (first ? ROOT_INDEX_AT : NODE_INDEX_AT));
      } else {
        requireLeafChecksum(bytes, at);
        end -= TAIL_SIZE;
      }
    }
    entries(bytes, at, end, size);
  }

  /** Takes in the entries between two places; they have to fill it. */
  void entries(byte[] bytes, int from, int end, int blockSize) throws IntegrityException {
    int at = from;
    while (at < end) {
      if (end - at < HEADER_SIZE) {
        throw bad("ends in the middle of an entry");
      }
      int length = recordLength(bytes, at + 4, blockSize);
      boolean typed = superblock.features().hasIncompat(Features.FILETYPE);
      int nameLength = typed ? LittleEndian.u8(bytes, at + 6) : LittleEndian.u16(bytes, at + 6);
      if (length < LEAST_ENTRY
          || length % 4 != 0
          || length > end - at
          || nameLength > length - HEADER_SIZE) {
        throw bad("has an entry of impossible length");
      }
      long target = LittleEndian.u32(bytes, at);
      if (target != 0) {
        entry(bytes, at + HEADER_SIZE, nameLength, target, typed ? bytes[at + 7] : 0);
      }
      at += length;
    }
  }

  private void entry(byte[] bytes, int nameAt, int nameLength, long target, int type)
      throws IntegrityException {
    if (nameLength < 1 || nameLength > FileTree.NAME_MAX) {
      throw bad("has a name of " + nameLength + " bytes");
    }
    if (bytes[nameAt] == '.'
        && (nameLength == 1 || (nameLength == 2 && bytes[nameAt + 1] == '.'))) {
      if (nameLength == 2) {
        entries.parent(target);
      }
      return;
    }
    for (int i = nameAt; i < nameAt + nameLength; i++) {
      if (bytes[i] == 0 || bytes[i] == '/') {
        throw bad("has a name with a slash or a zero byte");
      }
    }
    if (target < superblock.firstInode() || target > superblock.inodes()) {
      throw bad("has an entry for inode " + target + ", which no name may have");
    }
    entries.add(bytes, nameAt, nameLength, target, type);
  }

  private static int recordLength(byte[] bytes, int at, int blockSize) {
    int stored = LittleEndian.u16(bytes, at);
    if (blockSize < LARGEST_BLOCK) {
      return stored;
    }
    return stored == 0 || stored == 0xffff ? LARGEST_BLOCK : stored;
  }

  private void requireLeafChecksum(byte[] bytes, int at) throws IntegrityException {
    int length = superblock.blockSize() - TAIL_SIZE;
    int tail = at + length;
    if (LittleEndian.s32(bytes, tail) != 0
        || LittleEndian.u16(bytes, tail + 4) != TAIL_SIZE
        || LittleEndian.u16(bytes, tail + 6) != TAIL_TYPE << 8) {
      throw bad("has a block without a checksum");
    }
    require(inode.seeded().bytes(bytes, at, length).state(), bytes, tail + 8);
  }

  /** The checksum of a node of the index: of what is used of it, and it stands after all of it. */
  private void requireIndexChecksum(byte[] bytes, int at, int countAt) throws IntegrityException {
    int limit = LittleEndian.u16(bytes, countAt);
    int count = LittleEndian.u16(bytes, countAt + 2);
    int before = countAt - at;
    if (count > limit || before + 8 * limit > superblock.blockSize() - 8) {
      throw bad("has an index of " + count + " entries, at most " + limit);
    }
    int tail = countAt + 8 * limit;
    int sum =
        inode.seeded().bytes(bytes, at, before + 8 * count).bytes(bytes, tail, 4).zeros(4).state();
    require(sum, bytes, tail + 4);
  }

  private void require(int sum, byte[] bytes, int at) throws IntegrityException {
    if (sum != LittleEndian.s32(bytes, at)) {
      throw bad("has a block with a wrong checksum");
    }
  }

  private IntegrityException bad(String problem) {
    return inode.damaged("it is a directory that " + problem);
  }
}
