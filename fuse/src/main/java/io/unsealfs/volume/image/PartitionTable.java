package io.unsealfs.volume.image;

import io.unsealfs.storage.Source;
import io.unsealfs.volume.VolumeFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/** The partitions of a device: MBR with logical partitions, or GPT (sectors of 512 or 4096). */
final class PartitionTable {
  private static final int SECTOR = 512;
  private static final int SIGNATURE_AT = 510;
  private static final int SIGNATURE = 0xaa55;
  private static final int ENTRIES_AT = 446;
  private static final int ENTRY_SIZE = 16;
  private static final int PRIMARIES = 4;
  private static final int PROTECTIVE = 0xee;
  private static final int MAX_LOGICALS = 128;

  private static final long GPT_MAGIC = 0x5452415020494645L; // EFI PART
  private static final int GPT_HEADER_SIZE = 92;
  private static final int GPT_MAX_ENTRIES = 1024;
  private static final int GPT_MAX_ENTRY_SIZE = 4096;
  private static final int GPT_MAX_TABLE = 1 << 20;

  private final Source device;
  private final List<Partition> partitions = new ArrayList<>();

  private PartitionTable(Source device) {
    this.device = device;
  }

  /**
   * The partitions of {@code device}, none if it has no table.
   *
   * @throws VolumeFormatException if it has a damaged one
   */
  static List<Partition> of(Source device) throws IOException {
    PartitionTable table = new PartitionTable(device);
    ByteBuffer first = table.read(0, SECTOR);
    if (first.remaining() < SECTOR || u16(first, SIGNATURE_AT) != SIGNATURE) {
      return List.of();
    }
    for (int i = 0; i < PRIMARIES; i++) {
      if ((first.get(ENTRIES_AT + ENTRY_SIZE * i + 4) & 0xff) == PROTECTIVE) {
        table.gpt();
        return table.partitions;
      }
    }
    return isMbr(first) ? table.mbr(first) : List.of();
  }

  private ByteBuffer read(long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    device.read(offset, bytes);
    return bytes.flip();
  }

  private static int u16(ByteBuffer bytes, int at) {
    return bytes.getShort(at) & 0xffff;
  }

  private static long u32(ByteBuffer bytes, int at) {
    return Integer.toUnsignedLong(bytes.getInt(at));
  }

  /** The signature alone is that of any boot sector: in a table each state is one of two. */
  private static boolean isMbr(ByteBuffer sector) {
    boolean any = false;
    for (int i = 0; i < PRIMARIES; i++) {
      int at = ENTRIES_AT + ENTRY_SIZE * i;
      if ((sector.get(at) & 0x7f) != 0) {
        return false;
      }
      any |= sector.get(at + 4) != 0 && u32(sector, at + 12) != 0;
    }
    return any;
  }

  private List<Partition> mbr(ByteBuffer sector) throws IOException {
    for (int i = 0; i < PRIMARIES; i++) {
      int at = ENTRIES_AT + ENTRY_SIZE * i;
      int type = sector.get(at + 4) & 0xff;
      long start = u32(sector, at + 8);
      if (isExtended(type)) {
        logicals(start);
      } else if (type != 0) {
        add(i + 1, start, u32(sector, at + 12), SECTOR);
      }
    }
    return partitions;
  }

  private static boolean isExtended(int type) {
    return type == 0x5 || type == 0xf || type == 0x85;
  }

  /** A chain of sectors, each with one partition and the place of the next sector. */
  private void logicals(long extendedStart) throws IOException {
    long at = extendedStart;
    for (int count = 0; count < MAX_LOGICALS; count++) {
      ByteBuffer sector = read(at * SECTOR, SECTOR);
      if (sector.remaining() < SECTOR || u16(sector, SIGNATURE_AT) != SIGNATURE) {
        throw bad("an extended partition is not where it should be");
      }
      if (sector.get(ENTRIES_AT + 4) != 0) {
        add(
            PRIMARIES + 1 + count,
            at + u32(sector, ENTRIES_AT + 8),
            u32(sector, ENTRIES_AT + 12),
            SECTOR);
      }
      int next = ENTRIES_AT + ENTRY_SIZE;
      if (!isExtended(sector.get(next + 4) & 0xff)) {
        return;
      }
      at = extendedStart + u32(sector, next + 8);
    }
    throw bad("it has more than " + MAX_LOGICALS + " logical partitions");
  }

  private void gpt() throws IOException {
    for (int sectorSize : new int[] {SECTOR, 4096}) {
      ByteBuffer header = read(sectorSize, SECTOR);
      if (header.remaining() == SECTOR && header.getLong(0) == GPT_MAGIC) {
        gpt(header, sectorSize);
        return;
      }
    }
    throw bad("its GPT is missing");
  }

  private void gpt(ByteBuffer header, int sectorSize) throws IOException {
    long size = u32(header, 12);
    if (size < GPT_HEADER_SIZE || size > SECTOR) {
      throw bad("the header of its GPT has " + size + " bytes");
    }
    int stored = header.getInt(16);
    header.putInt(16, 0);
    if (crc(header, (int) size) != stored) {
      throw bad("the checksum of its GPT is wrong");
    }
    long count = u32(header, 80);
    long entrySize = u32(header, 84);
    long start = header.getLong(72);
    if (count > GPT_MAX_ENTRIES
        || entrySize < 128
        || entrySize > GPT_MAX_ENTRY_SIZE
        || entrySize % 8 != 0
        || count * entrySize > GPT_MAX_TABLE
        || start < 2
        || start > device.size() / sectorSize) {
      throw bad("its GPT has " + count + " entries of " + entrySize + " bytes");
    }
    ByteBuffer entries = read(start * sectorSize, (int) (count * entrySize));
    if (entries.remaining() < count * entrySize
        || crc(entries, entries.remaining()) != header.getInt(88)) {
      throw bad("the checksum of the entries of its GPT is wrong");
    }
    for (int i = 0; i < count; i++) {
      int at = i * (int) entrySize;
      if (entries.getLong(at) != 0 || entries.getLong(at + 8) != 0) {
        long first = entries.getLong(at + 32);
        long last = entries.getLong(at + 40);
        if (first < 0 || last < first || last == Long.MAX_VALUE) {
          throw bad("partition " + (i + 1) + " has no length");
        }
        add(i + 1, first, last - first + 1, sectorSize);
      }
    }
  }

  private static int crc(ByteBuffer bytes, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes.duplicate().position(0).limit(length));
    return (int) crc.getValue();
  }

  private void add(int number, long start, long count, int sectorSize) throws IOException {
    long sectors = device.size() / sectorSize;
    if (start < 1 || start >= sectors || count < 1 || count > sectors - start) {
      throw bad("partition " + number + " lies outside of the device");
    }
    partitions.add(new Partition(number, start * sectorSize, count * sectorSize));
  }

  private static VolumeFormatException bad(String problem) {
    return new VolumeFormatException(
        "the partition table is damaged: " + problem + "; use --raw for the whole image");
  }
}
