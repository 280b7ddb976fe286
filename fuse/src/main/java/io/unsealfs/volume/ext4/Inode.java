package io.unsealfs.volume.ext4;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.NodeKind;
import java.util.Arrays;

/**
 * One inode: a view of its bytes in a piece of the inode table (ext4.md section 4). Short-lived;
 * the piece is shared and never changed.
 */
final class Inode {
  /** The root directory. */
  static final long ROOT = 2;

  /** Bytes of the block map, of a short target or of short content. */
  static final int MAP_SIZE = 60;

  static final int ENCRYPTED = 0x800;
  static final int INDEXED = 0x1000;
  static final int HUGE = 0x40000;
  static final int EXTENTS = 0x80000;
  static final int EA_INODE = 0x200000;
  static final int INLINE_DATA = 0x10000000;

  private static final int OLD_SIZE = 128;
  private static final int MAP_AT = 0x28;
  private static final int CHECKSUM_LOW_AT = 0x7c;
  private static final int CHECKSUM_HIGH_AT = 0x82;
  private static final int SECTOR = 512;

  private final long number;
  private final byte[] piece;
  private final int at;
  private final Superblock superblock;

  Inode(long number, byte[] piece, int at, Superblock superblock) {
    this.number = number;
    this.piece = piece;
    this.at = at;
    this.superblock = superblock;
  }

  long number() {
    return number;
  }

  /** Checks the checksum, and that the fields that tell of other fields make sense. */
  void requireIntact() throws IntegrityException {
    int extra = storedExtraSize();
    if (extra > superblock.inodeSize() - OLD_SIZE || extra % 4 != 0) {
      throw damaged("its extra size is " + extra);
    }
    if (superblock.features().checksums()) {
      requireChecksum(extra >= CHECKSUM_HIGH_AT + 2 - OLD_SIZE);
    }
  }

  private void requireChecksum(boolean wide) throws IntegrityException {
    int size = superblock.inodeSize();
    Checksum sum = seeded().bytes(piece, at, CHECKSUM_LOW_AT).zeros(2);
    int next = CHECKSUM_LOW_AT + 2;
    int stored = LittleEndian.u16(piece, at + CHECKSUM_LOW_AT);
    if (wide) {
      sum.bytes(piece, at + next, CHECKSUM_HIGH_AT - next).zeros(2);
      next = CHECKSUM_HIGH_AT + 2;
      stored |= LittleEndian.u16(piece, at + CHECKSUM_HIGH_AT) << 16;
    }
    int computed = sum.bytes(piece, at + next, size - next).state();
    if ((wide ? computed : computed & 0xffff) != stored) {
      throw damaged("its checksum is wrong");
    }
  }

  /** A checksum that has taken in what this inode's other blocks begin with. */
  Checksum seeded() {
    return Checksum.from(superblock.seed())
        .int32((int) number)
        .int32(LittleEndian.s32(piece, at + 0x64));
  }

  /** Checks that somebody can have meant this inode by name. */
  void requireInUse() throws IntegrityException {
    boolean orphan = superblock.lastOrphan() != 0;
    if (mode() == 0 || links() == 0 || (LittleEndian.s32(piece, at + 0x14) != 0 && !orphan)) {
      throw damaged("it is not in use, but a directory names it");
    }
    NodeKind _ = kind();
    if (has(ENCRYPTED)) {
      throw damaged("it is encrypted by the file system, which is not supported");
    }
  }

  int mode() {
    return LittleEndian.u16(piece, at);
  }

  int links() {
    return LittleEndian.u16(piece, at + 0x1a);
  }

  boolean has(int flag) {
    return (LittleEndian.s32(piece, at + 0x20) & flag) != 0;
  }

  NodeKind kind() throws IntegrityException {
    return switch (mode() >> 12) {
      case 0x1 -> NodeKind.FIFO;
      case 0x2 -> NodeKind.CHARACTER_DEVICE;
      case 0x4 -> NodeKind.DIRECTORY;
      case 0x6 -> NodeKind.BLOCK_DEVICE;
      case 0x8 -> NodeKind.FILE;
      case 0xa -> NodeKind.SYMLINK;
      case 0xc -> NodeKind.SOCKET;
      default -> throw damaged("it is of unknown type " + Integer.toHexString(mode() >> 12));
    };
  }

  /** Bytes of content. */
  long size() throws IntegrityException {
    long low = LittleEndian.u32(piece, at + 0x4);
    int type = mode() >> 12;
    if (type == 0x8 || (type == 0x4 && superblock.features().hasIncompat(Features.LARGE_DIR))) {
      long size = low | LittleEndian.u32(piece, at + 0x6c) << 32;
      if (size < 0) {
        throw damaged("it claims a size of " + Long.toUnsignedString(size) + " bytes");
      }
      return size;
    }
    return low;
  }

  /** A copy of the block map, or of what is kept in its place. */
  byte[] map() {
    return Arrays.copyOfRange(piece, at + MAP_AT, at + MAP_AT + MAP_SIZE);
  }

  /** Block of extended attributes, 0 for none. */
  long attributeBlock() {
    long high =
        superblock.features().hasIncompat(Features.WIDE)
            ? (long) LittleEndian.u16(piece, at + 0x76) << 32
            : 0;
    return LittleEndian.u32(piece, at + 0x68) | high;
  }

  /** A copy of what lies behind the known fields: attributes inside the inode; maybe empty. */
  byte[] attributeSpace() {
    int from = OLD_SIZE + storedExtraSize();
    return superblock.inodeSize() == OLD_SIZE || storedExtraSize() == 0
        ? new byte[0]
        : Arrays.copyOfRange(piece, at + from, at + superblock.inodeSize());
  }

  /** Low word of the access time, where an inode that holds an attribute keeps its hash. */
  int attributeHash() {
    return LittleEndian.s32(piece, at + 0x8);
  }

  Attributes attributes() throws IntegrityException {
    NodeKind kind = kind();
    return new Attributes(
        kind,
        number,
        size(),
        sectors() + (kind == NodeKind.FILE && has(INLINE_DATA) ? inlineSectors() : 0),
        mode() & 07777,
        LittleEndian.u16(piece, at + 0x2) | LittleEndian.u16(piece, at + 0x78) << 16,
        LittleEndian.u16(piece, at + 0x18) | LittleEndian.u16(piece, at + 0x7a) << 16,
        links(),
        nanos(0x10, 0x88),
        nanos(0xc, 0x84),
        kind == NodeKind.CHARACTER_DEVICE || kind == NodeKind.BLOCK_DEVICE ? device() : 0);
  }

  private long sectors() {
    long count = LittleEndian.u32(piece, at + 0x1c);
    if (superblock.features().hasRoCompat(0x8)) {
      count |= (long) LittleEndian.u16(piece, at + 0x74) << 32;
      if (has(HUGE)) {
        count *= superblock.blockSize() / SECTOR;
      }
    }
    return count;
  }

  /** As the kernel shows them, so that nobody takes a file inside its inode for a hole. */
  private long inlineSectors() throws IntegrityException {
    return (size() + SECTOR - 1) / SECTOR;
  }

  private long nanos(int secondsAt, int extraAt) {
    long seconds = LittleEndian.s32(piece, at + secondsAt);
    if (extraAt + 4 > OLD_SIZE + storedExtraSize()) {
      return Attributes.time(seconds, 0);
    }
    int extra = LittleEndian.s32(piece, at + extraAt);
    // thirty bits hold more than a second has nanoseconds
    int nanos = Math.min(extra >>> 2, 999_999_999);
    return Attributes.time(seconds + ((long) (extra & 3) << 32), nanos);
  }

  private long device() {
    int old = LittleEndian.s32(piece, at + MAP_AT);
    if (old != 0) {
      return old & 0xffff;
    }
    long stored = LittleEndian.u32(piece, at + MAP_AT + 4);
    long major = stored >> 8 & 0xfff;
    long minor = (stored & 0xff) | (stored >> 12 & 0xfff00);
    return major << 8 | (minor & 0xff) | (minor & 0xfffff00) << 12;
  }

  private int storedExtraSize() {
    return superblock.inodeSize() == OLD_SIZE ? 0 : LittleEndian.u16(piece, at + OLD_SIZE);
  }

  IntegrityException damaged(String problem) {
    return IntegrityException.of("inode " + number, problem);
  }
}
