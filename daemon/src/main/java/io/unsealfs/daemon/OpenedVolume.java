package io.unsealfs.daemon;

import io.unsealfs.block.BlockCache;
import io.unsealfs.os.ProcessControl;
import io.unsealfs.volume.Volume;
import java.io.IOException;
import java.util.Optional;

/**
 * A volume opened by a command that reads without FUSE, with the cache it reads through.
 *
 * @param volume closed with this
 * @param cache wiped with this
 * @param bucket where the volume lies, if it lies in one
 */
record OpenedVolume(Volume volume, BlockCache cache, Optional<Place> bucket)
    implements AutoCloseable {

  static OpenedVolume open(Wiring wiring, SourceOptions source, KeyOptions keys)
      throws IOException {
    ProcessControl.forbidDumps();
    BlockCache cache = wiring.blockCache(new ReadingOptions());
    VolumeOpening opening = new VolumeOpening(wiring, source, keys);
    try {
      Volume volume = opening.open(cache, state -> {});
      return new OpenedVolume(volume, cache, opening.bucket());
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
