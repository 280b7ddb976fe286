package io.unsealfs.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What fstatfs(2) says about a file system.
 *
 * @param blockSize bytes per block
 * @param blocks all blocks
 * @param freeBlocks blocks not in use
 * @param files all inodes
 * @param freeFiles inodes not in use
 */
public record FileSystemStatus(
    long blockSize, long blocks, long freeBlocks, long files, long freeFiles) {
  // struct statfs of the 64-bit architectures is 120 bytes
  private static final int STRUCT_BYTES = 256;

  /** The status of the file system {@code descriptor} is open on. */
  public static FileSystemStatus of(Descriptor descriptor) throws SystemCallException {
    byte[] status = new byte[STRUCT_BYTES];
    int fd = descriptor.acquire();
    try {
      if (Libc.CALLS.fstatfs(fd, status) != 0) {
        throw new SystemCallException("fstatfs", Libc.errno());
      }
    } finally {
      descriptor.release();
    }
    ByteBuffer view = ByteBuffer.wrap(status).order(ByteOrder.nativeOrder());
    return new FileSystemStatus(
        view.getLong(8), view.getLong(16), view.getLong(24), view.getLong(40), view.getLong(48));
  }
}
