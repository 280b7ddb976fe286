package io.unsealfs.volume.ext4;

import io.unsealfs.storage.Name;
import java.util.Arrays;

/**
 * The entries of one directory, in little memory: names in one array, and a table that finds them.
 * Immutable once built.
 */
final class DirectoryContents {
  private static final int NONE = -1;

  private final byte[] names;
  private final int[] nameEnds;
  private final int[] inodes; // unsigned
  private final byte[] types;
  private final int count;
  private final int[] table; // entry + 1, 0 for a free slot
  private final long parent;

  private DirectoryContents(Builder built) {
    this.count = built.count;
    this.names = Arrays.copyOf(built.names, built.nameBytes);
    this.nameEnds = Arrays.copyOf(built.nameEnds, count);
    this.inodes = Arrays.copyOf(built.inodes, count);
    this.types = Arrays.copyOf(built.types, count);
    this.parent = built.parent;
    this.table = new int[Integer.highestOneBit(Math.max(2, 2 * count)) << 1];
  }

  int count() {
    return count;
  }

  /** The directory's own idea of the directory above it; 0 if it has none. */
  long parent() {
    return parent;
  }

  long inode(int index) {
    return Integer.toUnsignedLong(inodes[index]);
  }

  /** File type as the entry has it, 0 if it has none: a hint, the inode decides. */
  int type(int index) {
    return types[index];
  }

  Name name(int index) {
    return Name.of(Arrays.copyOfRange(names, nameStart(index), nameEnds[index]));
  }

  /** Index of the entry of that name, or -1. */
  int find(Name name) {
    byte[] wanted = name.toBytes();
    int mask = table.length - 1;
    for (int slot = hash(wanted, 0, wanted.length) & mask;
        table[slot] != 0;
        slot = slot + 1 & mask) {
      int index = table[slot] - 1;
      if (Arrays.equals(names, nameStart(index), nameEnds[index], wanted, 0, wanted.length)) {
        return index;
      }
    }
    return NONE;
  }

  /** Bytes of memory it takes, about. */
  int weight() {
    return 128 + names.length + 9 * count + 4 * table.length;
  }

  private int nameStart(int index) {
    return index == 0 ? 0 : nameEnds[index - 1];
  }

  /** Enters every name; the first one that is there twice, or -1. */
  private int index() {
    int mask = table.length - 1;
    for (int i = 0; i < count; i++) {
      int start = nameStart(i);
      int end = nameEnds[i];
      int slot = hash(names, start, end) & mask;
      while (table[slot] != 0) {
        int other = table[slot] - 1;
        if (Arrays.equals(names, nameStart(other), nameEnds[other], names, start, end)) {
          return i;
        }
        slot = slot + 1 & mask;
      }
      table[slot] = i + 1;
    }
    return NONE;
  }

  /** Keyed by nothing: names made to collide cost their own directory, which has bounds. */
  private static int hash(byte[] bytes, int from, int to) {
    int hash = 0x811c9dc5;
    for (int i = from; i < to; i++) {
      hash = (hash ^ bytes[i]) * 0x01000193;
    }
    return hash ^ hash >>> 15;
  }

  /** Collects entries. */
  static final class Builder {
    private byte[] names = new byte[512];
    private int[] nameEnds = new int[32];
    private int[] inodes = new int[32];
    private byte[] types = new byte[32];
    private int nameBytes;
    private int count;
    private long parent;

    int count() {
      return count;
    }

    int nameBytes() {
      return nameBytes;
    }

    void parent(long inode) {
      parent = inode;
    }

    void add(byte[] source, int nameAt, int nameLength, long inode, int type) {
      if (count == inodes.length) {
        nameEnds = Arrays.copyOf(nameEnds, 2 * count);
        inodes = Arrays.copyOf(inodes, 2 * count);
        types = Arrays.copyOf(types, 2 * count);
      }
      if (nameBytes + nameLength > names.length) {
        names = Arrays.copyOf(names, 2 * names.length);
      }
      System.arraycopy(source, nameAt, names, nameBytes, nameLength);
      nameBytes += nameLength;
      nameEnds[count] = nameBytes;
      inodes[count] = (int) inode;
      types[count++] = (byte) type;
    }

    /** The entries; names that are there twice are the caller's {@code inode}'s damage. */
    DirectoryContents build(Inode inode) throws io.unsealfs.block.IntegrityException {
      DirectoryContents built = new DirectoryContents(this);
      int twice = built.index();
      if (twice >= 0) {
        throw inode.damaged("it is a directory with two entries of one name");
      }
      return built;
    }
  }
}
