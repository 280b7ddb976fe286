package io.unsealfs.daemon;

import io.unsealfs.storage.FileTree;
import io.unsealfs.volume.Finding;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeInfo;
import java.io.IOException;
import java.util.function.Consumer;

/**
 * What lies inside an encrypted image.
 *
 * @param inside closed with this
 * @param info of the image around it
 */
record UnlockedVolume(Volume inside, VolumeInfo info) implements Volume {
  @Override
  public FileTree tree() {
    return inside.tree();
  }

  @Override
  public CheckSummary check(Consumer<Finding> findings, Consumer<Long> plaintextBytesRead)
      throws IOException {
    return inside.check(findings, plaintextBytesRead);
  }

  @Override
  public void close() throws IOException {
    inside.close();
  }
}
