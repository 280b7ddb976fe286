package io.unsealfs.daemon;

import io.unsealfs.storage.FileTree;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeFormat;
import io.unsealfs.volume.VolumeInfo;
import io.unsealfs.volume.VolumeKey;
import java.io.IOException;

/** An encrypted directory; closing it closes the place. */
record TreeSource(Place place, VolumeFormat format, VolumeInfo info) implements EncryptedSource {
  private static final long KDF_MEMORY = 1L << 30;

  /** Reads the header of the volume in {@code tree}, which stays open. */
  static TreeSource of(Place place, VolumeFormat format, FileTree tree) throws IOException {
    return new TreeSource(place, format, format.info(tree));
  }

  @Override
  public Volume open(VolumeKey key, VolumeContext context, Demands demands) throws IOException {
    Volume volume = format.open(place.tree(), key, context);
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
  public void close() throws IOException {
    place.close();
  }
}
