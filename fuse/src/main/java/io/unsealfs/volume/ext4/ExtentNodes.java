package io.unsealfs.volume.ext4;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.unsealfs.block.IntegrityException;
import java.io.IOException;

/** Reads the nodes of extent trees that lie in blocks of their own. Thread-safe. */
final class ExtentNodes {
  private static final int CAPACITY_BYTES = 8 << 20;
  private static final int CHECKSUM_SIZE = 4;

  private record Key(long inode, long block) {}

  private final Superblock superblock;
  private final MetadataCache metadata;
  private final Cache<Key, ExtentNode> nodes =
      Caffeine.newBuilder()
          .maximumWeight(CAPACITY_BYTES)
          .weigher((Key key, ExtentNode node) -> node.weight())
          .executor(Runnable::run)
          .build();

  ExtentNodes(Superblock superblock, MetadataCache metadata) {
    this.superblock = superblock;
    this.metadata = metadata;
  }

  Superblock superblock() {
    return superblock;
  }

  /** The node of {@code inode} in {@code block}, which has {@code depth} levels below it. */
  ExtentNode read(Inode inode, long block, int depth) throws IOException {
    Key key = new Key(inode.number(), block);
    ExtentNode known = nodes.getIfPresent(key);
    if (known == null) {
      known = load(inode, block, depth);
      nodes.put(key, known);
    }
    if (known.depth() != depth) {
      throw inode.damaged("its extent tree has a node of depth " + known.depth());
    }
    return known;
  }

  private ExtentNode load(Inode inode, long block, int depth) throws IOException {
    int blockSize = superblock.blockSize();
    long offset = block * blockSize;
    byte[] piece = metadata.piece(offset);
    int at = metadata.within(offset);
    if (superblock.features().checksums()) {
      requireChecksum(inode, piece, at);
    }
    return ExtentNode.parse(piece, at, blockSize, depth, inode, superblock);
  }

  private void requireChecksum(Inode inode, byte[] piece, int at) throws IntegrityException {
    int length = ExtentNode.checkedLength(piece, at);
    if (length > superblock.blockSize() - CHECKSUM_SIZE
        || inode.seeded().bytes(piece, at, length).state()
            != LittleEndian.s32(piece, at + length)) {
      throw inode.damaged("the checksum of a block of its extent tree is wrong");
    }
  }
}
