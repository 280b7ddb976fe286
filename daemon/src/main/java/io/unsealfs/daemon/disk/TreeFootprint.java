package io.unsealfs.daemon.disk;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** What a directory tree takes on an ext4 file system, as an upper estimate. */
final class TreeFootprint extends SimpleFileVisitor<Path> {
  private static final int BLOCK = 4096;
  private static final int INODE = 256;
  private static final int ENTRY_HEAD = 12;
  private static final int BLOCKS_PER_GROUP = 8 * BLOCK;

  /** One block of extents for so many blocks of content, even if they lie far apart. */
  private static final int BLOCKS_PER_EXTENT_NODE = 256;

  private static final long LEAST_BLOCKS = 512;
  private static final int SPARE_INODES = 64;

  private long contentBlocks;
  private long entryBytes;
  private long directories;
  private long inodes;
  private long contentBytes;

  private TreeFootprint() {}

  static TreeFootprint of(Path directory) throws IOException {
    TreeFootprint footprint = new TreeFootprint();
    Files.walkFileTree(directory, footprint);
    return footprint;
  }

  /** Bytes of content, which have to fit into memory. */
  long contentBytes() {
    return contentBytes;
  }

  long inodes() {
    return inodes + SPARE_INODES;
  }

  /** Bytes of an image with room for the tree and {@code sparePercent} more. */
  long imageBytes(int sparePercent) {
    long tree =
        contentBlocks
            + contentBlocks / BLOCKS_PER_EXTENT_NODE
            + 2 * directories
            + entryBytes / (BLOCK / 2)
            + Math.ceilDiv(inodes() * INODE, BLOCK);
    long groups = tree / (BLOCKS_PER_GROUP - 1024) + 1;
    long blocks = tree + groups * 8 + groups * groups / 64 + LEAST_BLOCKS;
    return Math.multiplyExact(blocks + blocks * sparePercent / 100, (long) BLOCK);
  }

  @Override
  public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
    directories++;
    count(directory);
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
    count(file);
    if (attributes.isRegularFile()) {
      contentBytes += attributes.size();
      contentBlocks += Math.ceilDiv(attributes.size(), (long) BLOCK) + 1;
    } else if (attributes.isSymbolicLink()) {
      contentBlocks++;
    }
    return FileVisitResult.CONTINUE;
  }

  private void count(Path path) {
    inodes++;
    // a name has at most three bytes per character
    entryBytes += ENTRY_HEAD + 3L * String.valueOf(path.getFileName()).length();
  }
}
