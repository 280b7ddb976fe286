package io.unsealfs.mount.kernel;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;

/**
 * Directories that are listed without the kernel having said that they were opened. The listings
 * used last are kept, until the kernel forgets the node.
 */
final class UnseenDirectories {
  private static final int MOST = 64;

  private final Cache<Long, OpenDirectory> directories =
      Caffeine.newBuilder().maximumSize(MOST).executor(Runnable::run).build();

  /** The one of this node. */
  OpenDirectory of(Inode inode) {
    return directories.get(inode.id(), id -> new OpenDirectory(inode));
  }

  /** The kernel forgot the node. */
  void forget(long nodeId) {
    directories.invalidate(nodeId);
  }

  /** How many are kept. */
  int size() {
    return directories.asMap().size();
  }
}
