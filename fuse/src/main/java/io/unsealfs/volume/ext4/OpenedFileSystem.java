package io.unsealfs.volume.ext4;

import io.unsealfs.storage.Source;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The parts that read one file system, as one version of its superblock describes it.
 *
 * @param plaintextDevice closed with it
 */
record OpenedFileSystem(
    Source plaintextDevice,
    Superblock superblock,
    BlockDevice device,
    InodeTable inodes,
    Contents contents,
    Directories directories,
    ExtendedAttributes attributes,
    GroupDescriptors groups)
    implements Closeable {

  /** The file system, with some blocks as the journal has them. */
  static OpenedFileSystem of(
      Source plaintextDevice, Superblock superblock, JournalOverlay overlay) {
    BlockDevice device = new BlockDevice(plaintextDevice, superblock, overlay);
    MetadataCache metadata = new MetadataCache(device, superblock.blockSize());
    GroupDescriptors groups = new GroupDescriptors(superblock, metadata);
    InodeTable inodes = new InodeTable(superblock, groups, metadata);
    Contents contents = new Contents(superblock, device, metadata);
    return new OpenedFileSystem(
        plaintextDevice,
        superblock,
        device,
        inodes,
        contents,
        new Directories(superblock, device, contents),
        new ExtendedAttributes(superblock, metadata, inodes, contents),
        groups);
  }

  /** The superblock as the journal leaves it. */
  Superblock currentSuperblock() throws IOException {
    byte[] bytes = new byte[Superblock.SIZE];
    device.read(Superblock.OFFSET, ByteBuffer.wrap(bytes));
    return Superblock.parse(bytes, plaintextDevice.size());
  }

  @Override
  public void close() throws IOException {
    plaintextDevice.close();
  }
}
