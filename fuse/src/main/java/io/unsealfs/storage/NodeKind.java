package io.unsealfs.storage;

/** What a {@link Node} is. */
public enum NodeKind {
  /** Regular file. */
  FILE,
  /** Directory. */
  DIRECTORY,
  /** Symbolic link. */
  SYMLINK,
  /** Named pipe. */
  FIFO,
  /** Socket. */
  SOCKET,
  /** Character device. */
  CHARACTER_DEVICE,
  /** Block device. */
  BLOCK_DEVICE
}
