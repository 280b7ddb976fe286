package io.unsealfs.volume.ext4;

import io.unsealfs.storage.Name;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.volume.ext4.InodeAttributes.Stored;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The extended attributes of inodes, wherever they are kept (ext4.md section 8). Thread-safe. */
final class ExtendedAttributes {
  private static final int BLOCK_HEADER_SIZE = 32;
  private static final int BLOCK_COUNT_AT = 0x8;
  private static final int BLOCK_CHECKSUM_AT = 0x10;
  private static final int MAX_BYTES = 1 << 20;
  private static final int ACL_ACCESS = 2;
  private static final int ACL_DEFAULT = 3;

  private final Superblock superblock;
  private final MetadataCache metadata;
  private final InodeTable inodes;
  private final Contents contents;

  ExtendedAttributes(
      Superblock superblock, MetadataCache metadata, InodeTable inodes, Contents contents) {
    this.superblock = superblock;
    this.metadata = metadata;
    this.inodes = inodes;
    this.contents = contents;
  }

  /** Names of the attributes of {@code inode}, each once. */
  List<Name> names(Inode inode) throws IOException {
    Set<Name> names = new LinkedHashSet<>();
    for (Stored stored : all(inode)) {
      Name name = stored.name();
      if (name != null) {
        names.add(name);
      }
    }
    return List.copyOf(names);
  }

  /** The value of one attribute. */
  byte[] value(Inode inode, Name wanted) throws IOException {
    for (Stored stored : all(inode)) {
      Name name = stored.name();
      if (name != null && name.equals(wanted)) {
        byte[] value = stored.valueInode() == 0 ? stored.value() : ownInode(inode, stored);
        boolean acl = stored.index() == ACL_ACCESS || stored.index() == ACL_DEFAULT;
        return acl ? PosixAcl.converted(value, inode) : value;
      }
    }
    throw new NoSuchAttributeException("inode " + inode.number() + ": no attribute " + wanted);
  }

  private List<Stored> all(Inode inode) throws IOException {
    List<Stored> all = new ArrayList<>(InodeAttributes.inside(inode));
    long block = inode.attributeBlock();
    if (block != 0) {
      all.addAll(inBlock(inode, block));
    }
    long bytes = 0;
    for (Stored stored : all) {
      bytes += stored.valueSize() + stored.suffix().length();
    }
    if (bytes > MAX_BYTES) {
      throw inode.damaged("its extended attributes have " + bytes + " bytes");
    }
    return all;
  }

  private List<Stored> inBlock(Inode inode, long block) throws IOException {
    if (!superblock.holds(block, 1)) {
      throw inode.damaged("its extended attributes lie outside of the file system");
    }
    int size = superblock.blockSize();
    long offset = block * size;
    byte[] piece = metadata.piece(offset);
    int at = metadata.within(offset);
    byte[] region = Arrays.copyOfRange(piece, at, at + size);
    if (LittleEndian.s32(region, 0) != InodeAttributes.MAGIC
        || LittleEndian.u32(region, BLOCK_COUNT_AT) != 1) {
      throw inode.damaged("the block of its extended attributes has no valid header");
    }
    if (superblock.features().checksums()) {
      int after = BLOCK_CHECKSUM_AT + 4;
      int sum =
          Checksum.from(superblock.seed())
              .int64(block)
              .bytes(region, 0, BLOCK_CHECKSUM_AT)
              .zeros(4)
              .bytes(region, after, size - after)
              .state();
      if (sum != LittleEndian.s32(region, BLOCK_CHECKSUM_AT)) {
        throw inode.damaged("the checksum of the block of its extended attributes is wrong");
      }
    }
    return InodeAttributes.parse(inode, region, BLOCK_HEADER_SIZE, 0);
  }

  /** A value that an inode of its own holds. */
  private byte[] ownInode(Inode inode, Stored stored) throws IOException {
    if (!superblock.features().hasIncompat(Features.EA_INODE)) {
      throw inode.damaged("a value lies in an inode, and the file system has no such values");
    }
    Inode holder = inodes.read(stored.valueInode());
    if (!holder.has(Inode.EA_INODE) || holder.size() != stored.valueSize()) {
      throw inode.damaged("the inode of a value of an extended attribute is another's");
    }
    byte[] value = contents.whole(holder, InodeAttributes.MAX_VALUE);
    int sum = Checksum.from(superblock.seed()).bytes(value, 0, value.length).state();
    if (sum != holder.attributeHash()) {
      throw holder.damaged("the hash of an extended attribute is wrong");
    }
    return value;
  }
}
