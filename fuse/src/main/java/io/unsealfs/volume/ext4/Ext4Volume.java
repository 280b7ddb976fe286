package io.unsealfs.volume.ext4;

import io.unsealfs.storage.FileTree;
import io.unsealfs.volume.Finding;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeInfo;
import java.io.IOException;
import java.util.function.Consumer;

/** An open file system. */
final class Ext4Volume implements Volume {
  private final OpenedFileSystem opened;
  private final Ext4Tree tree;
  private final VolumeInfo info;

  Ext4Volume(OpenedFileSystem opened, Ext4Tree tree, VolumeInfo info) {
    this.opened = opened;
    this.tree = tree;
    this.info = info;
  }

  @Override
  public FileTree tree() {
    return tree;
  }

  @Override
  public VolumeInfo info() {
    return info;
  }

  /**
   * {@inheritDoc}
   *
   * <p>ext4 has checksums of metadata and none of content: content is read, but what was changed in
   * it goes unnoticed here.
   */
  @Override
  public CheckSummary check(Consumer<Finding> findings, Consumer<Long> plaintextBytesRead)
      throws IOException {
    return new VolumeCheck(opened, tree, findings, plaintextBytesRead).run();
  }

  @Override
  public void close() throws IOException {
    tree.close();
  }
}
