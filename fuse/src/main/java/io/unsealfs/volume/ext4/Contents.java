package io.unsealfs.volume.ext4;

import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** The bytes of inodes, however they are kept (ext4.md section 5). Thread-safe. */
final class Contents {
  private final Superblock superblock;
  private final BlockDevice device;
  private final MetadataCache metadata;
  private final ExtentNodes extents;

  Contents(Superblock superblock, BlockDevice device, MetadataCache metadata) {
    this.superblock = superblock;
    this.device = device;
    this.metadata = metadata;
    this.extents = new ExtentNodes(superblock, metadata);
  }

  /** Where the blocks of {@code inode} are; its content has to lie in blocks. */
  BlockMap map(Inode inode) throws IOException {
    long blockSize = superblock.blockSize();
    boolean byExtents = inode.has(Inode.EXTENTS);
    long reach = byExtents ? BlockMap.MAX_BLOCKS : IndirectMap.reach(superblock.blockSize());
    if (inode.size() > reach * blockSize) {
      throw inode.damaged(
          "it claims " + inode.size() + " bytes, more than its block map can reach");
    }
    return byExtents ? new ExtentMap(inode, extents) : new IndirectMap(inode, superblock, metadata);
  }

  /** The content of {@code inode}. */
  Source open(Inode inode) throws IOException {
    return inode.has(Inode.INLINE_DATA)
        ? new BytesContent(inline(inode))
        : new MappedContent(device, map(inode), inode.size(), superblock.blockSize());
  }

  /** The content of {@code inode}, which keeps it inside; exactly as long as its size. */
  byte[] inline(Inode inode) throws IOException {
    byte[] first = inode.map();
    byte[] rest = InodeAttributes.inlineRest(inode);
    long size = inode.size();
    if (size > first.length + rest.length) {
      throw inode.damaged(
          "it claims "
              + size
              + " bytes inside the inode, where only "
              + (first.length + rest.length)
              + " are");
    }
    byte[] all = Arrays.copyOf(first, first.length + rest.length);
    System.arraycopy(rest, 0, all, first.length, rest.length);
    return Arrays.copyOf(all, (int) size);
  }

  /**
   * All of {@code inode}'s content.
   *
   * @param max most bytes; the caller has checked that the size is not beyond it
   */
  byte[] whole(Inode inode, int max) throws IOException {
    try (Source source = open(inode)) {
      if (source.size() > max) {
        throw inode.damaged("it has " + source.size() + " bytes, at most " + max + " make sense");
      }
      byte[] bytes = new byte[(int) source.size()];
      if (source.read(0, ByteBuffer.wrap(bytes)) != bytes.length) {
        throw new IllegalStateException("short read");
      }
      return bytes;
    }
  }
}
