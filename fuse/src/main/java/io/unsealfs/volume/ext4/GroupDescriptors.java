package io.unsealfs.volume.ext4;

import io.unsealfs.block.IntegrityException;
import java.io.IOException;

/** The block groups, read when they are needed (ext4.md section 3). Thread-safe. */
final class GroupDescriptors {
  private static final int CHECKSUM_AT = 0x1e;
  private static final int CRC16_POLYNOMIAL = 0xa001;

  private final Superblock superblock;
  private final MetadataCache cache;
  private final long tableBlocks;

  GroupDescriptors(Superblock superblock, MetadataCache cache) {
    this.superblock = superblock;
    this.cache = cache;
    int blockSize = superblock.blockSize();
    this.tableBlocks =
        (superblock.inodesPerGroup() * superblock.inodeSize() + blockSize - 1) / blockSize;
  }

  /** First block of the group's inode table. */
  long inodeTable(long group) throws IOException {
    long offset = descriptorOffset(group);
    byte[] piece = cache.piece(offset);
    int at = cache.within(offset);
    requireChecksum(group, piece, at);
    long table = LittleEndian.u32(piece, at + 0x8);
    if (superblock.descriptorSize() >= 64) {
      table |= LittleEndian.u32(piece, at + 0x28) << 32;
    }
    if (!superblock.holds(table, tableBlocks) || table <= superblock.ownBlock()) {
      throw IntegrityException.of(
          "group " + group, "its inode table lies outside of the file system");
    }
    return table;
  }

  private long descriptorOffset(long group) throws IntegrityException {
    int perBlock = superblock.blockSize() / superblock.descriptorSize();
    long block = descriptorBlock(group / perBlock, perBlock);
    if (block <= superblock.ownBlock() || block >= superblock.blocks()) {
      throw IntegrityException.of(
          "group " + group, "its descriptor lies outside of the file system");
    }
    return block * superblock.blockSize() + group % perBlock * superblock.descriptorSize();
  }

  private long descriptorBlock(long index, int perBlock) {
    Features features = superblock.features();
    if (!features.hasIncompat(Features.META_BG) || index < superblock.firstMetaGroup()) {
      return superblock.ownBlock() + 1 + index;
    }
    long first = index * perBlock;
    long before = hasSuperblock(first) ? 1 : 0;
    if (index == 0 && superblock.ownBlock() > superblock.firstDataBlock()) {
      // 1 KiB blocks in larger clusters: the superblock is in block 1 of a group that begins at 0
      before++;
    }
    return superblock.firstBlockOf(first) + before;
  }

  private boolean hasSuperblock(long group) {
    Features features = superblock.features();
    if (group == 0) {
      return true;
    }
    if (features.hasCompat(Features.COMPAT_SPARSE_SUPER2)) {
      return group == superblock.backupGroups().first()
          || group == superblock.backupGroups().second();
    }
    return group == 1
        || !features.hasRoCompat(Features.RO_SPARSE_SUPER)
        || isPower(group, 3)
        || isPower(group, 5)
        || isPower(group, 7);
  }

  private static boolean isPower(long number, int base) {
    long power = base;
    while (power < number) {
      power *= base;
    }
    return power == number;
  }

  private void requireChecksum(long group, byte[] bytes, int at) throws IntegrityException {
    int size = superblock.descriptorSize();
    int stored = LittleEndian.u16(bytes, at + CHECKSUM_AT);
    int computed;
    if (superblock.features().checksums()) {
      int after = CHECKSUM_AT + 2;
      computed =
          Checksum.from(superblock.seed())
                  .int32((int) group)
                  .bytes(bytes, at, CHECKSUM_AT)
                  .zeros(2)
                  .bytes(bytes, at + after, size - after)
                  .state()
              & 0xffff;
    } else if (superblock.features().hasRoCompat(Features.RO_GDT_CSUM)) {
      computed = crc16(group, bytes, at, size);
    } else {
      return;
    }
    if (computed != stored) {
      throw IntegrityException.of("group " + group, "the checksum of its descriptor is wrong");
    }
  }

  private int crc16(long group, byte[] bytes, int at, int size) {
    byte[] uuid = superblock.uuid().toBytes();
    byte[] number = new byte[4];
    LittleEndian.put32(number, 0, (int) group);
    int crc = crc16(0xffff, uuid, 0, uuid.length);
    crc = crc16(crc, number, 0, number.length);
    crc = crc16(crc, bytes, at, CHECKSUM_AT);
    int after = CHECKSUM_AT + 2;
    return crc16(crc, bytes, at + after, size - after);
  }

  private static int crc16(int before, byte[] bytes, int from, int length) {
    int crc = before;
    for (int i = from; i < from + length; i++) {
      crc ^= bytes[i] & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 1) != 0 ? crc >>> 1 ^ CRC16_POLYNOMIAL : crc >>> 1;
      }
    }
    return crc;
  }
}
