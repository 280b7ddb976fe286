package io.unsealfs.volume.ext4;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Finds what the journal has newer copies of, without writing anything (ext4.md section 9). Three
 * passes, as the kernel makes them: how far the log goes, what was revoked, what is left.
 */
final class JournalReplay {
  /** Longest journal that mke2fs makes. */
  private static final long MAX_BLOCKS = 10_240_000;

  /** Copies that are kept track of: more memory than this no journal of use needs. */
  private static final int MAX_COPIES = 1 << 20;

  private static final int DESCRIPTOR = 1;
  private static final int COMMIT = 2;
  private static final int REVOKE = 5;
  private static final int COMMIT_CHECKSUM_AT = 0x10;
  private static final int CHECKSUM_SIZE = 4;
  private static final int UUID_SIZE = 16;

  private static final int ESCAPED = 1;
  private static final int SAME_UUID = 2;
  private static final int LAST = 8;

  private static final int FAST_COMMIT_HEAD = 9;

  private final Superblock superblock;
  private final BlockDevice device;
  private final BlockMap map;
  private final Journal journal;
  private final BlockMap.Run run = new BlockMap.Run();
  private final byte[] block;
  private final ByteBuffer fields;
  private final byte[] copy;
  private final Map<Long, Integer> revoked = new HashMap<>();
  private final JournalOverlay.Builder found = new JournalOverlay.Builder();

  private JournalReplay(Superblock superblock, BlockDevice device, BlockMap map, Journal journal) {
    this.superblock = superblock;
    this.device = device;
    this.map = map;
    this.journal = journal;
    this.block = new byte[superblock.blockSize()];
    this.fields = ByteBuffer.wrap(block);
    this.copy = new byte[superblock.blockSize()];
  }

  /**
   * What the journal of {@code asStored} has.
   *
   * @throws VolumeFormatException if it cannot be replayed
   */
  static JournalOverlay of(OpenedFileSystem asStored) throws IOException {
    Superblock superblock = asStored.superblock();
    if (superblock.journalInode() == 0) {
      throw Journal.bad("it lies on another device");
    }
    try {
      Inode inode = asStored.inodes().read(superblock.journalInode());
      if (inode.kind() != NodeKind.FILE || inode.has(Inode.INLINE_DATA)) {
        throw Journal.bad("its inode is no file");
      }
      BlockMap map = asStored.contents().map(inode);
      long blocks = inode.size() / superblock.blockSize();
      if (blocks < 2 || blocks > Math.min(MAX_BLOCKS, superblock.blocks())) {
        throw Journal.bad("it has " + blocks + " blocks");
      }
      BlockMap.Run run = new BlockMap.Run();
      map.find(0, 1, run);
      if (run.physical == 0) {
        throw Journal.bad("it has no superblock");
      }
      byte[] bytes = new byte[Journal.SIZE];
      asStored.device().read(run.physical * superblock.blockSize(), ByteBuffer.wrap(bytes));
      Journal journal = Journal.parse(bytes, superblock, blocks);
      return new JournalReplay(superblock, asStored.device(), map, journal).run();
    } catch (IntegrityException e) {
      throw Journal.bad(String.valueOf(e.getMessage()));
    }
  }

  /** What a pass does with the blocks of a transaction that counts. */
  private enum Pass {
    SCAN,
    REVOKE,
    REPLAY
  }

  private JournalOverlay run() throws IOException {
    int end = journal.sequence();
    if (journal.start() != 0) {
      end = pass(Pass.SCAN, 0);
      pass(Pass.REVOKE, end);
      pass(Pass.REPLAY, end);
    }
    refuseFastCommits(end);
    return found.build();
  }

  /** Goes through the log; returns the number of the transaction that is not there any more. */
  private int pass(Pass pass, int end) throws IOException {
    long at = journal.start();
    int sequence = journal.sequence();
    long left = journal.end() - journal.first();
    while (left > 0 && (pass == Pass.SCAN || sequence != end)) {
      read(at);
      if (fields.getInt(0) != Journal.MAGIC || fields.getInt(8) != sequence) {
        break;
      }
      int type = fields.getInt(4);
      if ((type == DESCRIPTOR || type == REVOKE) && journal.checksums() && !tailIsRight()) {
        break;
      }
      long used = 1;
      if (type == DESCRIPTOR) {
        used += tags(pass, at, sequence);
      } else if (type == REVOKE) {
        if (pass == Pass.REVOKE) {
          revoke(sequence);
        }
      } else if (type == COMMIT) {
        if (journal.checksums() && !commitIsRight()) {
          break;
        }
        sequence++;
      } else {
        break;
      }
      at = journal.after(at, Math.min(used, journal.end() - journal.first()));
      left -= used;
    }
    return sequence;
  }

  /** Where block {@code logical} of the journal is. */
  private long physical(long logical) throws IOException {
    map.find(logical, 1, run);
    if (run.physical == 0) {
      throw Journal.bad("it has a hole");
    }
    return run.physical;
  }

  private void read(long logical) throws IOException {
    device.read(physical(logical) * superblock.blockSize(), ByteBuffer.wrap(block));
  }

  private boolean tailIsRight() {
    int length = block.length - CHECKSUM_SIZE;
    int sum = Checksum.from(journal.seed()).bytes(block, 0, length).zeros(CHECKSUM_SIZE).state();
    return sum == fields.getInt(length);
  }

  private boolean commitIsRight() {
    int after = COMMIT_CHECKSUM_AT + CHECKSUM_SIZE;
    int sum =
        Checksum.from(journal.seed())
            .bytes(block, 0, COMMIT_CHECKSUM_AT)
            .zeros(CHECKSUM_SIZE)
            .bytes(block, after, block.length - after)
            .state();
    return sum == fields.getInt(COMMIT_CHECKSUM_AT);
  }

  /** Goes through the tags of a descriptor block; returns how many blocks follow it. */
  private long tags(Pass pass, long descriptor, int sequence) throws IOException {
    int end = block.length - (journal.checksums() ? CHECKSUM_SIZE : 0);
    int size = journal.tagSize();
    long count = 0;
    for (int at = Journal.HEADER_SIZE; at <= end - size; ) {
      int flags = journal.longChecksums() ? fields.getInt(at + 4) : fields.getShort(at + 6);
      count++;
      if (pass == Pass.REPLAY) {
        replay(at, flags, journal.after(descriptor, count), sequence);
      }
      if ((flags & LAST) != 0) {
        break;
      }
      at += size + ((flags & SAME_UUID) != 0 ? 0 : UUID_SIZE);
    }
    return count;
  }

  private void replay(int tag, int flags, long logical, int sequence) throws IOException {
    if (logical < journal.first() || logical >= journal.end()) {
      throw Journal.bad("a transaction is longer than it");
    }
    long target = Integer.toUnsignedLong(fields.getInt(tag));
    if (journal.wide()) {
      target |= Integer.toUnsignedLong(fields.getInt(tag + 8)) << 32;
    }
    Integer revokedIn = revoked.get(target);
    if (revokedIn != null && revokedIn - sequence >= 0) {
      return;
    }
    if (target < 0 || target >= superblock.blocks()) {
      throw Journal.bad("it has a block that lies outside of the file system");
    }
    long source = physical(logical);
    if (journal.checksums()) {
      requireChecksum(tag, source, sequence);
    }
    if (found.count() == MAX_COPIES) {
      throw Journal.bad("it has more than " + MAX_COPIES + " blocks");
    }
    found.add(target, source, (flags & ESCAPED) != 0);
  }

  private void requireChecksum(int tag, long source, int sequence) throws IOException {
    device.read(source * superblock.blockSize(), ByteBuffer.wrap(copy));
    int sum =
        Checksum.from(journal.seed())
            .int32(Integer.reverseBytes(sequence))
            .bytes(copy, 0, copy.length)
            .state();
    boolean right =
        journal.longChecksums()
            ? sum == fields.getInt(tag + 12)
            : (short) sum == fields.getShort(tag + 4);
    if (!right) {
      throw Journal.bad("the checksum of a block in it is wrong");
    }
  }

  private void revoke(int sequence) throws VolumeFormatException {
    int used = fields.getInt(Journal.HEADER_SIZE);
    int end = block.length - (journal.checksums() ? CHECKSUM_SIZE : 0);
    int size = journal.wide() ? 8 : 4;
    if (used < Journal.HEADER_SIZE + 4 || used > end) {
      throw Journal.bad("it has a revoke block of " + used + " bytes");
    }
    for (int at = Journal.HEADER_SIZE + 4; at <= used - size; at += size) {
      long target = journal.wide() ? fields.getLong(at) : Integer.toUnsignedLong(fields.getInt(at));
      if (revoked.size() >= MAX_COPIES) {
        throw Journal.bad("it revokes more than " + MAX_COPIES + " blocks");
      }
      revoked.merge(target, sequence, (a, b) -> a - b >= 0 ? a : b);
    }
  }

  /** Fast commits are changes of single fields; they are not replayed here. */
  private void refuseFastCommits(int end) throws IOException {
    if (journal.fastCommits() == 0) {
      return;
    }
    map.find(journal.fastCommits(), 1, run);
    if (run.physical == 0) {
      return;
    }
    device.read(run.physical * superblock.blockSize(), ByteBuffer.wrap(block));
    boolean there =
        LittleEndian.u16(block, 0) == FAST_COMMIT_HEAD && LittleEndian.s32(block, 8) == end;
    if (there) {
      throw Journal.bad("it has fast commits, which are not supported");
    }
  }
}
