package io.unsealfs.volume.ext4;

import io.unsealfs.block.IntegrityException;

/**
 * One checked node of an extent tree (ext4.md section 5): of an index the children, of a leaf the
 * extents, by ascending logical block. Immutable.
 */
final class ExtentNode {
  /** Deepest tree the kernel makes. */
  static final int MAX_DEPTH = 5;

  private static final int MAGIC = 0xf30a;
  private static final int HEADER_SIZE = 12;
  private static final int ENTRY_SIZE = 12;
  private static final int MAX_WRITTEN = 32768;

  private final int depth;
  private final int[] logical; // unsigned
  private final long[] physical; // 0 for extents that were never written
  private final int[] length; // empty in an index

  private ExtentNode(int depth, int[] logical, long[] physical, int[] length) {
    this.depth = depth;
    this.logical = logical;
    this.physical = physical;
    this.length = length;
  }

  /** Bytes from the start of a node that its checksum covers; the checksum follows them. */
  static int checkedLength(byte[] bytes, int at) {
    return HEADER_SIZE + ENTRY_SIZE * LittleEndian.u16(bytes, at + 4);
  }

  /**
   * Reads a node.
   *
   * @param capacity bytes it may take
   * @param expectedDepth levels below it, or -1 if it is the root
   */
  static ExtentNode parse(
      byte[] bytes, int at, int capacity, int expectedDepth, Inode inode, Superblock superblock)
      throws IntegrityException {
    int count = LittleEndian.u16(bytes, at + 2);
    int max = LittleEndian.u16(bytes, at + 4);
    int depth = LittleEndian.u16(bytes, at + 6);
    if (LittleEndian.u16(bytes, at) != MAGIC) {
      throw bad(inode, "a node without its magic number");
    }
    if (max > (capacity - HEADER_SIZE) / ENTRY_SIZE || count > max) {
      throw bad(inode, "a node of " + count + " entries, at most " + max);
    }
    if (expectedDepth < 0 ? depth > MAX_DEPTH : depth != expectedDepth) {
      throw bad(inode, "a node of depth " + depth);
    }
    if (depth > 0 && count == 0) {
      throw bad(inode, "an empty index");
    }
    int[] logical = new int[count];
    long[] physical = new long[count];
    int[] length = new int[depth == 0 ? count : 0];
    long next = 0;
    for (int i = 0; i < count; i++) {
      int entry = at + HEADER_SIZE + ENTRY_SIZE * i;
      long first = LittleEndian.u32(bytes, entry);
      if (first < next) {
        throw bad(inode, "entries that overlap or are out of order");
      }
      logical[i] = (int) first;
      if (depth > 0) {
        physical[i] =
            LittleEndian.u32(bytes, entry + 4) | (long) LittleEndian.u16(bytes, entry + 8) << 32;
        if (!superblock.holds(physical[i], 1)) {
          throw bad(inode, "a child outside of the file system");
        }
        next = first + 1;
      } else {
        int stored = LittleEndian.u16(bytes, entry + 4);
        boolean written = stored <= MAX_WRITTEN;
        length[i] = written ? stored : stored - MAX_WRITTEN;
        long start =
            LittleEndian.u32(bytes, entry + 8) | (long) LittleEndian.u16(bytes, entry + 6) << 32;
        next = first + length[i];
        if (length[i] == 0 || next > BlockMap.MAX_BLOCKS) {
          throw bad(inode, "an extent of impossible length");
        }
        if (!superblock.holds(start, length[i])) {
          throw bad(inode, "an extent outside of the file system");
        }
        physical[i] = written ? start : 0;
      }
    }
    return new ExtentNode(depth, logical, physical, length);
  }

  private static IntegrityException bad(Inode inode, String problem) {
    return inode.damaged("its extent tree has " + problem);
  }

  int depth() {
    return depth;
  }

  int count() {
    return logical.length;
  }

  /** Index of the last entry that begins at or before {@code block}, -1 if there is none. */
  int floor(long block) {
    int low = 0;
    int high = logical.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (logical(middle) <= block) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  long logical(int index) {
    return Integer.toUnsignedLong(logical[index]);
  }

  /** Block of a child, or first block of an extent: 0 if it was never written. */
  long physical(int index) {
    return physical[index];
  }

  /** Blocks of an extent. */
  int length(int index) {
    return length[index];
  }

  /** Whether all of it lies in these logical blocks, {@code high} not included. */
  boolean isWithin(long low, long high) {
    int last = count() - 1;
    return last < 0
        || (logical(0) >= low && logical(last) + (depth == 0 ? length[last] : 1) <= high);
  }

  /** Bytes of memory it takes, about. */
  int weight() {
    return 64 + 16 * count();
  }
}
