package io.unsealfs.daemon;

import io.unsealfs.storage.FileTree;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeFormat;
import io.unsealfs.volume.VolumeInfo;
import io.unsealfs.volume.VolumeKey;
import java.io.IOException;
import java.nio.file.Path;

/** An encrypted directory. */
record TreeSource(Path path, VolumeFormat format, VolumeInfo info) implements EncryptedSource {
  private static final long KDF_MEMORY = 1L << 30;

  /** Reads the header of the volume in {@code tree}, which stays open. */
  static TreeSource of(Path path, VolumeFormat format, FileTree tree) throws IOException {
    return new TreeSource(path, format, format.info(tree));
  }

  @Override
  public Volume open(VolumeKey key, VolumeContext context, Demands demands) throws IOException {
    Volume volume = format.open(LocalTree.open(path), key, context);
    try {
      // the header that was really used, which need not be the one looked at before
      demands.check(volume.info());
    } catch (IOException e) {
      volume.close();
      throw e;
    }
    return volume;
  }

  @Override
  public long usualKdfMemory() {
    return KDF_MEMORY;
  }

  @Override
  public void close() {}
}
