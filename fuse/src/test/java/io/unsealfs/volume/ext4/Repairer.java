package io.unsealfs.volume.ext4;

import java.io.IOException;

/**
 * Changes an image and makes its checksums right again, as whoever forges one would. Works on
 * images with 32-byte or larger descriptors and without meta_bg.
 */
final class Repairer {
  private final byte[] image;
  private final Superblock superblock;

  Repairer(byte[] image) throws IOException {
    this.image = image;
    byte[] bytes = new byte[Superblock.SIZE];
    System.arraycopy(image, Superblock.OFFSET, bytes, 0, bytes.length);
    this.superblock = Superblock.parse(bytes, image.length);
  }

  Superblock superblock() {
    return superblock;
  }

  /** Where the inode begins in the image. */
  int inodeAt(long number) {
    long group = (number - 1) / superblock.inodesPerGroup();
    int descriptor = descriptorAt(group);
    long table = LittleEndian.u32(image, descriptor + 8);
    return (int)
        (table * superblock.blockSize()
            + (number - 1) % superblock.inodesPerGroup() * superblock.inodeSize());
  }

  int descriptorAt(long group) {
    return (int)
        ((superblock.ownBlock() + 1) * superblock.blockSize()
            + group * superblock.descriptorSize());
  }

  void set8(int at, int value) {
    image[at] = (byte) value;
  }

  void set16(int at, int value) {
    image[at] = (byte) value;
    image[at + 1] = (byte) (value >> 8);
  }

  void set32(int at, long value) {
    LittleEndian.put32(image, at, (int) value);
  }

  int get32(int at) {
    return LittleEndian.s32(image, at);
  }

  /** Sets the superblock's checksum. */
  void repairSuperblock() {
    int at = Superblock.OFFSET;
    set32(at + 0x3fc, new Checksum().bytes(image, at, 0x3fc).state());
  }

  /** Sets the checksum of a group descriptor. */
  void repairDescriptor(long group) {
    int at = descriptorAt(group);
    set16(at + 0x1e, 0);
    set16(
        at + 0x1e,
        Checksum.from(superblock.seed())
            .int32((int) group)
            .bytes(image, at, superblock.descriptorSize())
            .state());
  }

  /** Sets the checksum of an inode. */
  void repairInode(long number) {
    if (!superblock.features().checksums()) {
      return;
    }
    int at = inodeAt(number);
    set16(at + 0x7c, 0);
    boolean wide = superblock.inodeSize() > 128 && LittleEndian.u16(image, at + 0x80) >= 4;
    if (wide) {
      set16(at + 0x82, 0);
    }
    int sum = seeded(number).bytes(image, at, superblock.inodeSize()).state();
    set16(at + 0x7c, sum);
    if (wide) {
      set16(at + 0x82, sum >> 16);
    }
  }

  /** Sets the checksum of a leaf of a directory. */
  void repairDirectoryBlock(long inode, int at) {
    int length = superblock.blockSize() - 12;
    set32(at + length + 8, seeded(inode).bytes(image, at, length).state());
  }

  /** Sets the checksum of a block of an extent tree. */
  void repairExtentBlock(long inode, int at) {
    int length = ExtentNode.checkedLength(image, at);
    set32(at + length, seeded(inode).bytes(image, at, length).state());
  }

  /** Sets the checksum of a block of extended attributes. */
  void repairAttributeBlock(long block) {
    int at = (int) block * superblock.blockSize();
    set32(at + 0x10, 0);
    set32(
        at + 0x10,
        Checksum.from(superblock.seed())
            .int64(block)
            .bytes(image, at, superblock.blockSize())
            .state());
  }

  private Checksum seeded(long inode) {
    return Checksum.from(superblock.seed())
        .int32((int) inode)
        .int32(LittleEndian.s32(image, inodeAt(inode) + 0x64));
  }
}
