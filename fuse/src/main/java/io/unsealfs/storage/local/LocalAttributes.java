package io.unsealfs.storage.local;

import io.unsealfs.os.FileStatus;
import io.unsealfs.storage.Attributes;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.StorageException;

/** From what the kernel says about a file to {@link Attributes}. */
final class LocalAttributes {
  private static final int PERMISSION_BITS = 0xfff;

  private LocalAttributes() {}

  static Attributes of(FileStatus status, long fileId, String location) throws StorageException {
    if (status.size() < 0 || status.blocks() < 0) {
      throw new StorageException(location + ": the file system reports a negative size");
    }
    return new Attributes(
        kind(status.type(), location),
        fileId,
        status.size(),
        status.blocks(),
        status.mode() & PERMISSION_BITS,
        status.uid(),
        status.gid(),
        status.linkCount(),
        Attributes.time(status.modifiedSeconds(), status.modifiedNanos()),
        Attributes.time(status.changedSeconds(), status.changedNanos()),
        status.deviceNumber());
  }

  static NodeKind kind(int type, String location) throws StorageException {
    return switch (type) {
      case FileStatus.REGULAR -> NodeKind.FILE;
      case FileStatus.DIRECTORY -> NodeKind.DIRECTORY;
      case FileStatus.SYMLINK -> NodeKind.SYMLINK;
      case FileStatus.FIFO -> NodeKind.FIFO;
      case FileStatus.SOCKET -> NodeKind.SOCKET;
      case FileStatus.CHARACTER_DEVICE -> NodeKind.CHARACTER_DEVICE;
      case FileStatus.BLOCK_DEVICE -> NodeKind.BLOCK_DEVICE;
      default ->
          throw new StorageException(
              location + ": file of unknown type " + Integer.toHexString(type));
    };
  }
}
