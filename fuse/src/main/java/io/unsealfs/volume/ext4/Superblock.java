package io.unsealfs.volume.ext4;

import io.unsealfs.storage.Name;
import io.unsealfs.volume.VolumeFormatException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The superblock, checked against the size of the device (ext4.md sections 1 and 11).
 *
 * @param blockSize bytes, 1 KiB to 64 KiB
 * @param blocks blocks of the file system
 * @param firstDataBlock block that group 0 begins with
 * @param blocksPerGroup blocks of a group
 * @param inodes inodes of the file system
 * @param inodesPerGroup inodes of a group
 * @param inodeSize bytes of an inode
 * @param firstInode first inode that is not reserved
 * @param descriptorSize bytes of a group descriptor
 * @param firstMetaGroup first block of descriptors that lies in its own groups
 * @param backupGroups the two groups with a copy of the superblock, for sparse_super2
 * @param features feature words
 * @param uuid identity of the file system
 * @param label its name
 * @param state 1 clean, 2 errors found, 4 orphans being dealt with
 * @param journalInode inode of the journal, 0 if there is none inside
 * @param lastOrphan first inode of the list of orphans, 0 if it is empty
 * @param freeBlocks blocks not in use
 * @param freeInodes inodes not in use
 * @param clusterSize bytes of an allocation unit
 * @param seed what checksums of metadata begin with
 */
record Superblock(
    int blockSize,
    long blocks,
    long firstDataBlock,
    long blocksPerGroup,
    long inodes,
    long inodesPerGroup,
    int inodeSize,
    long firstInode,
    int descriptorSize,
    long firstMetaGroup,
    Pair backupGroups,
    Features features,
    Name uuid,
    Name label,
    int state,
    long journalInode,
    long lastOrphan,
    long freeBlocks,
    long freeInodes,
    long clusterSize,
    Checksum.Seed seed) {

  /** Where it lies on the device, in bytes. */
  static final int OFFSET = 1024;

  /** Bytes of it. */
  static final int SIZE = 1024;

  static final int STATE_ERRORS = 2;

  private static final int MAGIC = 0xef53;
  private static final int MAGIC_AT = 0x38;
  private static final int CHECKSUM_AT = 0x3fc;
  private static final int OLD_INODE_SIZE = 128;
  private static final int OLD_FIRST_INODE = 11;

  /** Two group numbers. */
  record Pair(long first, long second) {}

  /** Whether these bytes are those of a superblock of ext2, ext3 or ext4. */
  static boolean hasMagic(byte[] bytes) {
    return LittleEndian.u16(bytes, MAGIC_AT) == MAGIC;
  }

  /**
   * Reads a superblock.
   *
   * @param deviceSize bytes of the device it was found on
   */
  static Superblock parse(byte[] bytes, long deviceSize) throws VolumeFormatException {
    if (!hasMagic(bytes)) {
      throw new VolumeFormatException("ext4: no superblock of ext2, ext3 or ext4 is there");
    }
    boolean dynamic = LittleEndian.u32(bytes, 0x4c) > 0;
    Features features =
        dynamic
            ? new Features(
                LittleEndian.s32(bytes, 0x5c),
                LittleEndian.s32(bytes, 0x60),
                LittleEndian.s32(bytes, 0x64))
            : new Features(0, 0, 0);
    if (features.checksums()) {
      requireChecksum(bytes);
    }
    features.requireReadable();
    Superblock parsed = read(bytes, features, dynamic);
    parsed.requireGeometry(LittleEndian.u32(bytes, 0x20), deviceSize);
    return parsed;
  }

  private static void requireChecksum(byte[] bytes) throws VolumeFormatException {
    int type = LittleEndian.u8(bytes, 0x175);
    if (type != 1) {
      throw bad("its checksums are of unknown type " + type);
    }
    int sum = new Checksum().bytes(bytes, 0, CHECKSUM_AT).state();
    if (sum != LittleEndian.s32(bytes, CHECKSUM_AT)) {
      throw bad("its checksum is wrong");
    }
  }

  private static Superblock read(byte[] bytes, Features features, boolean dynamic)
      throws VolumeFormatException {
    boolean wide = features.hasIncompat(Features.WIDE);
    long logBlockSize = LittleEndian.u32(bytes, 0x18);
    if (logBlockSize > 6) {
      throw bad("its block size is 2^" + logBlockSize + " KiB, not 1 to 64 KiB");
    }
    int blockSize = 1024 << logBlockSize;
    long logClusterSize = LittleEndian.u32(bytes, 0x1c);
    boolean bigalloc = features.hasRoCompat(Features.RO_BIGALLOC);
    if (bigalloc && (logClusterSize < logBlockSize || logClusterSize > 20)) {
      throw bad("its cluster size is 2^" + logClusterSize + " KiB");
    }
    byte[] uuid = Arrays.copyOfRange(bytes, 0x68, 0x78);
    int seedState =
        features.hasIncompat(Features.CSUM_SEED)
            ? LittleEndian.s32(bytes, 0x270)
            : new Checksum().bytes(uuid, 0, uuid.length).state();
    return new Superblock(
        blockSize,
        LittleEndian.u32(bytes, 0x4) | (wide ? LittleEndian.u32(bytes, 0x150) << 32 : 0),
        LittleEndian.u32(bytes, 0x14),
        LittleEndian.u32(bytes, 0x20),
        LittleEndian.u32(bytes, 0x0),
        LittleEndian.u32(bytes, 0x28),
        dynamic ? LittleEndian.u16(bytes, 0x58) : OLD_INODE_SIZE,
        dynamic ? LittleEndian.u32(bytes, 0x54) : OLD_FIRST_INODE,
        wide ? LittleEndian.u16(bytes, 0xfe) : 32,
        LittleEndian.u32(bytes, 0x104),
        new Pair(LittleEndian.u32(bytes, 0x24c), LittleEndian.u32(bytes, 0x250)),
        features,
        Name.of(uuid),
        Name.of(textOf(bytes, 0x78, 16)),
        LittleEndian.u16(bytes, 0x3a),
        LittleEndian.u32(bytes, 0xe0),
        LittleEndian.u32(bytes, 0xe8),
        LittleEndian.u32(bytes, 0xc) | (wide ? LittleEndian.u32(bytes, 0x158) << 32 : 0),
        LittleEndian.u32(bytes, 0x10),
        bigalloc ? 1024L << logClusterSize : blockSize,
        Checksum.Seed.ofState(seedState));
  }

  private static byte[] textOf(byte[] bytes, int from, int most) {
    int end = from;
    while (end < from + most && bytes[end] != 0) {
      end++;
    }
    return Arrays.copyOfRange(bytes, from, end);
  }

  private void requireGeometry(long storedBlocksPerGroup, long deviceSize)
      throws VolumeFormatException {
    long most = 8L * blockSize * (clusterSize / blockSize);
    if (storedBlocksPerGroup < 1 || storedBlocksPerGroup > most) {
      throw bad("it has " + storedBlocksPerGroup + " blocks per group, not 1 to " + most);
    }
    if (inodesPerGroup < 1 || inodesPerGroup > 8L * blockSize) {
      throw bad("it has " + inodesPerGroup + " inodes per group, not 1 to " + 8L * blockSize);
    }
    if (inodeSize < OLD_INODE_SIZE || inodeSize > blockSize || Integer.bitCount(inodeSize) != 1) {
      throw bad("its inodes have " + inodeSize + " bytes");
    }
    if (firstInode < OLD_FIRST_INODE || firstInode > inodes) {
      throw bad("its first inode is " + firstInode);
    }
    boolean wide = features.hasIncompat(Features.WIDE);
    if (wide
        && (descriptorSize < 64
            || descriptorSize > Math.min(1024, blockSize)
            || Integer.bitCount(descriptorSize) != 1)) {
      throw bad("its group descriptors have " + descriptorSize + " bytes");
    }
    long expectedFirst = blockSize == 1024 && clusterSize == 1024 ? 1 : 0;
    if (firstDataBlock != expectedFirst) {
      throw bad("its first data block is " + firstDataBlock + ", not " + expectedFirst);
    }
    if (blocks <= firstDataBlock || blocks > 1L << 48) {
      throw bad("it has " + Long.toUnsignedString(blocks) + " blocks");
    }
    if (blocks > deviceSize / blockSize) {
      throw new VolumeFormatException(
          "ext4: the file system has "
              + blocks
              + " blocks of "
              + blockSize
              + " bytes, the device only "
              + deviceSize
              + " bytes: it is cut off, get a whole copy");
    }
    long groups = groups();
    if (inodes != groups * inodesPerGroup) {
      throw bad(
          "it has "
              + inodes
              + " inodes, but "
              + groups
              + " groups of "
              + inodesPerGroup
              + " inodes each");
    }
  }

  /** Number of block groups. */
  long groups() {
    return (blocks - firstDataBlock + blocksPerGroup - 1) / blocksPerGroup;
  }

  /** Number of the first block of a group. */
  long firstBlockOf(long group) {
    return firstDataBlock + group * blocksPerGroup;
  }

  /** Block that holds the superblock itself. */
  long ownBlock() {
    return OFFSET / blockSize;
  }

  /** Whether a run of blocks lies where data may lie. */
  boolean holds(long firstBlock, long count) {
    return firstBlock > firstDataBlock && firstBlock < blocks && count <= blocks - firstBlock;
  }

  /** The uuid as text. */
  String uuidText() {
    String hex = HexFormat.of().formatHex(uuid.toBytes());
    return String.join(
        "-",
        hex.substring(0, 8),
        hex.substring(8, 12),
        hex.substring(12, 16),
        hex.substring(16, 20),
        hex.substring(20));
  }

  private static VolumeFormatException bad(String problem) {
    return new VolumeFormatException(
        "ext4: the superblock is damaged: " + problem + "; repair a copy with e2fsck");
  }
}
