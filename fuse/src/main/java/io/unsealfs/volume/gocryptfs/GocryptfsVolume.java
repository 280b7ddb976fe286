package io.unsealfs.volume.gocryptfs;

import io.unsealfs.storage.FileTree;
import io.unsealfs.volume.Finding;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeInfo;
import java.io.IOException;
import java.util.function.Consumer;

/** An open gocryptfs volume. */
final class GocryptfsVolume implements Volume {
  private final FileTree ciphertext;
  private final GocryptfsConfig config;
  private final VolumeCiphers ciphers;
  private final GocryptfsTree tree;
  private final VolumeInfo info;

  GocryptfsVolume(
      FileTree ciphertext,
      GocryptfsConfig config,
      VolumeCiphers ciphers,
      GocryptfsTree tree,
      VolumeInfo info) {
    this.ciphertext = ciphertext;
    this.config = config;
    this.ciphers = ciphers;
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

  @Override
  public CheckSummary check(Consumer<Finding> findings, Consumer<Long> plaintextBytesRead)
      throws IOException {
    return new VolumeCheck(ciphertext, config, ciphers, findings, plaintextBytesRead).run();
  }

  @Override
  public void close() throws IOException {
    ciphers.close();
    tree.close();
  }
}
