package io.unsealfs.daemon;

import io.unsealfs.block.BlockCache;
import io.unsealfs.os.ProcessControl;
import io.unsealfs.volume.Volume;
import java.io.IOException;

/**
 * A volume opened by a command that reads without FUSE, with the cache it reads through.
 *
 * @param volume closed with this
 * @param cache wiped with this
 */
record OpenedVolume(Volume volume, BlockCache cache) implements AutoCloseable {

  static OpenedVolume open(Wiring wiring, SourceOptions source, KeyOptions keys)
      throws IOException {
    ProcessControl.forbidDumps();
    BlockCache cache = wiring.blockCache(new ReadingOptions());
    try {
      return new OpenedVolume(
          new VolumeOpening(wiring, source, keys).open(cache, state -> {}), cache);
    } catch (IOException | RuntimeException | Error e) {
      cache.close();
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    try {
      volume.close();
    } finally {
      cache.close();
    }
  }
}
