package io.unsealfs.volume.ext4;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.VolumeInfo;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Opens ext2, ext3 and ext4 file systems on plaintext devices, read-only. Stateless. */
public final class Ext4FileSystem {
  private Ext4FileSystem() {}

  /** Whether the device begins with such a file system. Cheap; nothing else is checked. */
  public static boolean probe(Source plaintextDevice) throws IOException {
    return plaintextDevice.size() >= Superblock.OFFSET + Superblock.SIZE
        && Superblock.hasMagic(superblockBytes(plaintextDevice));
  }

  /**
   * What the superblock says. The device stays the caller's.
   *
   * @throws VolumeFormatException if there is none, it is damaged, or it asks for what is not
   *     supported
   */
  public static VolumeInfo info(Source plaintextDevice) throws IOException {
    return Ext4Info.of(superblock(plaintextDevice));
  }

  /**
   * Opens the file system. Takes over {@code plaintextDevice}, also when it throws. Cost does not
   * depend on the size of the file system, but on that of a journal to be replayed.
   *
   * @throws VolumeFormatException if there is none, it is damaged at its root, it asks for what is
   *     not supported, or its journal is not to be or cannot be replayed
   */
  public static Volume open(Source plaintextDevice, Ext4Options options, VolumeContext context)
      throws IOException {
    boolean opened = false;
    try {
      Superblock stored = superblock(plaintextDevice);
      OpenedFileSystem fileSystem =
          OpenedFileSystem.of(plaintextDevice, stored, JournalOverlay.NONE);
      if (stored.features().hasIncompat(Features.RECOVER)) {
        fileSystem = recovered(fileSystem, options.journal(), context);
      }
      Volume volume = volume(fileSystem, stored);
      warnOfErrors(fileSystem.superblock(), context);
      opened = true;
      return volume;
    } finally {
      if (!opened) {
        plaintextDevice.close();
      }
    }
  }

  private static OpenedFileSystem recovered(
      OpenedFileSystem asStored, JournalMode mode, VolumeContext context) throws IOException {
    switch (mode) {
      case REFUSE ->
          throw new VolumeFormatException(
              "ext4: the file system was not cleanly unmounted and needs recovery: run e2fsck -p on"
                  + " a copy, or mount with --ext4-journal=replay");
      case IGNORE -> {
        context
            .warnings()
            .accept(
                "ext4: the file system was not cleanly unmounted; its journal is ignored, what is"
                    + " shown may be old or inconsistent");
        return asStored;
      }
      case REPLAY -> {}
    }
    JournalOverlay overlay = JournalReplay.of(asStored);
    OpenedFileSystem replayed =
        OpenedFileSystem.of(asStored.plaintextDevice(), asStored.superblock(), overlay);
    context
        .warnings()
        .accept(
            "ext4: the file system was not cleanly unmounted; "
                + overlay.size()
                + " blocks are read from its journal");
    return OpenedFileSystem.of(asStored.plaintextDevice(), replayed.currentSuperblock(), overlay);
  }

  private static Volume volume(OpenedFileSystem fileSystem, Superblock stored) throws IOException {
    try {
      Inode root = fileSystem.inodes().read(Inode.ROOT);
      root.requireInUse();
      if (root.kind() != NodeKind.DIRECTORY) {
        throw root.damaged("the root is no directory");
      }
      return new Ext4Volume(fileSystem, new Ext4Tree(fileSystem, root), Ext4Info.of(stored));
    } catch (IntegrityException e) {
      throw new VolumeFormatException(
          "ext4: the file system is damaged: " + e.getMessage() + "; repair a copy with e2fsck", e);
    }
  }

  private static void warnOfErrors(Superblock superblock, VolumeContext context) {
    if ((superblock.state() & Superblock.STATE_ERRORS) != 0) {
      context
          .warnings()
          .accept("ext4: the file system is marked as having errors: run e2fsck on a copy");
    }
  }

  private static Superblock superblock(Source plaintextDevice) throws IOException {
    if (plaintextDevice.size() < Superblock.OFFSET + Superblock.SIZE) {
      throw new VolumeFormatException("ext4: the device is too small to hold a file system");
    }
    return Superblock.parse(superblockBytes(plaintextDevice), plaintextDevice.size());
  }

  private static byte[] superblockBytes(Source plaintextDevice) throws IOException {
    byte[] bytes = new byte[Superblock.SIZE];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    plaintextDevice.read(Superblock.OFFSET, buffer);
    return bytes;
  }
}
