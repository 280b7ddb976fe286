package io.unsealfs.volume.ext4;

import io.unsealfs.volume.VolumeFormatException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The superblock of the journal (ext4.md section 9). All integers are big-endian.
 *
 * @param end block after the last one of the log
 * @param fastCommits block where the area of fast commits begins; the same as {@code end}
 * @param first first block of the log
 * @param sequence number of the first transaction
 * @param start block it begins in, 0 if there is nothing to replay
 * @param incompat feature word
 * @param seed what checksums begin with
 */
record Journal(
    long end,
    long fastCommits,
    long first,
    int sequence,
    long start,
    int incompat,
    Checksum.Seed seed) {
  static final int MAGIC = 0xc03b3998;
  static final int MAGIC_SIZE = 4;
  static final int HEADER_SIZE = 12;

  /** Bytes of the superblock that its checksum covers. */
  static final int SIZE = 1024;

  private static final int WIDE = 0x2;
  private static final int CSUM_V2 = 0x8;
  private static final int CSUM_V3 = 0x10;
  private static final int FAST_COMMIT = 0x20;
  private static final int KNOWN = 0x1 | WIDE | 0x4 | CSUM_V2 | CSUM_V3 | FAST_COMMIT;
  private static final int SUPERBLOCK_V1 = 3;
  private static final int SUPERBLOCK_V2 = 4;
  private static final int CHECKSUM_AT = 0xfc;
  private static final int CRC32C = 4;
  private static final int DEFAULT_FAST_COMMIT_BLOCKS = 256;

  /**
   * Reads the superblock.
   *
   * @param blocks blocks that the journal's file has
   */
  static Journal parse(byte[] bytes, Superblock superblock, long blocks)
      throws VolumeFormatException {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    int type = in.getInt(4);
    if (in.getInt(0) != MAGIC || (type != SUPERBLOCK_V1 && type != SUPERBLOCK_V2)) {
      throw bad("it has no superblock");
    }
    int incompat = type == SUPERBLOCK_V2 ? in.getInt(0x28) : 0;
    if ((incompat & ~KNOWN) != 0) {
      throw bad("it has unknown features 0x" + Integer.toHexString(incompat & ~KNOWN));
    }
    if ((incompat & (CSUM_V2 | CSUM_V3)) != 0) {
      requireChecksum(bytes, in);
    }
    if (in.getInt(0xc) != superblock.blockSize()) {
      throw bad("its blocks have another size than those of the file system");
    }
    long max = Integer.toUnsignedLong(in.getInt(0x10));
    long fastBlocks = 0;
    if ((incompat & FAST_COMMIT) != 0) {
      int stored = in.getInt(0x54);
      fastBlocks = stored == 0 ? DEFAULT_FAST_COMMIT_BLOCKS : Integer.toUnsignedLong(stored);
    }
    long end = max - fastBlocks;
    long first = Integer.toUnsignedLong(in.getInt(0x14));
    long start = Integer.toUnsignedLong(in.getInt(0x1c));
    if (max > blocks
        || first < 1
        || first >= end
        || (start != 0 && (start < first || start >= end))) {
      throw bad("its blocks lie outside of it");
    }
    byte[] uuid = Arrays.copyOfRange(bytes, 0x30, 0x40);
    int seed = new Checksum().bytes(uuid, 0, uuid.length).state();
    return new Journal(
        end,
        fastBlocks == 0 ? 0 : end,
        first,
        in.getInt(0x18),
        start,
        incompat,
        Checksum.Seed.ofState(seed));
  }

  private static void requireChecksum(byte[] bytes, ByteBuffer in) throws VolumeFormatException {
    int after = CHECKSUM_AT + 4;
    int sum =
        new Checksum()
            .bytes(bytes, 0, CHECKSUM_AT)
            .zeros(4)
            .bytes(bytes, after, SIZE - after)
            .state();
    if (bytes[0x50] != CRC32C || sum != in.getInt(CHECKSUM_AT)) {
      throw bad("the checksum of its superblock is wrong");
    }
  }

  boolean checksums() {
    return (incompat & (CSUM_V2 | CSUM_V3)) != 0;
  }

  boolean longChecksums() {
    return (incompat & CSUM_V3) != 0;
  }

  boolean wide() {
    return (incompat & WIDE) != 0;
  }

  /** Bytes of a tag in a descriptor block; version 2 of the checksums left two bytes unused. */
  int tagSize() {
    if (longChecksums()) {
      return 16;
    }
    return 8 + ((incompat & CSUM_V2) != 0 ? 2 : 0) + (wide() ? 4 : 0);
  }

  /** The block {@code count} blocks after {@code block}, around the end of the log. */
  long after(long block, long count) {
    long next = block + count;
    return next >= end ? next - (end - first) : next;
  }

  /** What is said of a journal that cannot be replayed. */
  static VolumeFormatException bad(String problem) {
    return new VolumeFormatException(
        "ext4: the file system needs recovery, but its journal cannot be replayed: "
            + problem
            + "; run e2fsck -p on a copy, or mount with --ext4-journal=ignore");
  }
}
