package io.unsealfs.volume.ext4;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.Name;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a region of extended attributes: the rest of an inode, or a block (ext4.md section
 * 8).
 */
final class InodeAttributes {
  /** What a region begins with. */
  static final int MAGIC = 0xea020000;

  /** Most bytes of one value. */
  static final int MAX_VALUE = 64 << 10;

  private static final int MAGIC_SIZE = 4;
  private static final int ENTRY_SIZE = 16;
  private static final int SYSTEM = 7;
  private static final String INLINE_NAME = "data";

  private InodeAttributes() {}

  /**
   * One attribute as it is stored.
   *
   * @param index which prefix its name has
   * @param suffix the rest of its name
   * @param region the bytes that hold the value, unless it has an inode of its own
   * @param valueAt where in them it begins
   * @param valueSize its bytes
   * @param valueInode the inode that holds it, or 0
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares entries; the bytes are shared
  record Stored(
      int index, Name suffix, byte[] region, int valueAt, int valueSize, long valueInode) {

    byte[] value() {
      return Arrays.copyOfRange(region, valueAt, valueAt + valueSize);
    }

    /** Whether it is the second part of content that is kept inside the inode. */
    boolean isInlineContent() {
      return index == SYSTEM && suffix.equals(Name.of(INLINE_NAME));
    }

    /** The whole name; null if it is of a kind nobody may see, or of an unknown one. */
    @Nullable Name name() {
      String prefix =
          switch (index) {
            case 1 -> "user.";
            case 2 -> "system.posix_acl_access";
            case 3 -> "system.posix_acl_default";
            case 4 -> "trusted.";
            case 6 -> "security.";
            case 8 -> "system.richacl";
            default -> "";
          };
      boolean whole = index == 2 || index == 3 || index == 8;
      if (prefix.isEmpty()
          || (whole ? suffix.length() > 0 : suffix.length() == 0)
          || prefix.length() + suffix.length() > FileTree.NAME_MAX) {
        return null;
      }
      byte[] start = prefix.getBytes(StandardCharsets.US_ASCII);
      byte[] name = Arrays.copyOf(start, start.length + suffix.length());
      System.arraycopy(suffix.toBytes(), 0, name, start.length, suffix.length());
      return Name.of(name);
    }
  }

  /** The attributes that lie in the inode itself. */
  static List<Stored> inside(Inode inode) throws IntegrityException {
    byte[] space = inode.attributeSpace();
    if (space.length < 2 * MAGIC_SIZE || LittleEndian.s32(space, 0) != MAGIC) {
      return List.of();
    }
    return parse(inode, space, MAGIC_SIZE, MAGIC_SIZE);
  }

  /** The second part of content that is kept inside the inode; maybe empty. */
  static byte[] inlineRest(Inode inode) throws IntegrityException {
    for (Stored stored : inside(inode)) {
      if (stored.isInlineContent()) {
        if (stored.valueInode() != 0) {
          throw inode.damaged("its inline content lies in another inode");
        }
        return stored.value();
      }
    }
    return new byte[0];
  }

  /**
   * Reads entries.
   *
   * @param first where the entries begin
   * @param base what the offsets of values count from
   */
  static List<Stored> parse(Inode inode, byte[] region, int first, int base)
      throws IntegrityException {
    List<Stored> found = new ArrayList<>();
    int at = first;
    while (true) {
      if (at > region.length - 4) {
        throw bad(inode, "has no end");
      }
      if (LittleEndian.s32(region, at) == 0) {
        return found;
      }
      int nameLength = LittleEndian.u8(region, at);
      int next = at + ENTRY_SIZE + (nameLength + 3 & ~3);
      if (next > region.length - 4) {
        throw bad(inode, "has an entry that runs over its end");
      }
      Name suffix =
          Name.of(Arrays.copyOfRange(region, at + ENTRY_SIZE, at + ENTRY_SIZE + nameLength));
      for (int i = 0; i < suffix.length(); i++) {
        if (suffix.at(i) == 0) {
          throw bad(inode, "has a name with a zero byte");
        }
      }
      long valueInode = LittleEndian.u32(region, at + 4);
      long size = LittleEndian.u32(region, at + 8);
      long valueAt = (long) base + LittleEndian.u16(region, at + 2);
      if (size > MAX_VALUE || (valueInode == 0 && size > 0 && valueAt + size > region.length)) {
        throw bad(inode, "has a value of impossible place or size");
      }
      int start = valueInode == 0 && size > 0 ? (int) valueAt : 0;
      found.add(
          new Stored(
              LittleEndian.u8(region, at + 1), suffix, region, start, (int) size, valueInode));
      at = next;
    }
  }

  private static IntegrityException bad(Inode inode, String problem) {
    return inode.damaged("the list of its extended attributes " + problem);
  }
}
