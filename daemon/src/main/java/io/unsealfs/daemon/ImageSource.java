package io.unsealfs.daemon;

import io.unsealfs.storage.Source;
import io.unsealfs.volume.SealedImage;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeInfo;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.luks.LuksOptions;
import java.io.IOException;

/**
 * An encrypted image file, and what is to be shown of what lies inside.
 *
 * @param place where the file lies; closed with this
 */
record ImageSource(SealedImage image, InsideImage inside, Place place) implements EncryptedSource {

  @Override
  public VolumeInfo info() {
    return image.info();
  }

  @Override
  public Volume open(VolumeKey key, VolumeContext context, Demands demands) throws IOException {
    // before the key derivation: a header that is not the one meant is not worth its cost
    demands.check(image.info());
    Source plaintextDevice = image.unlock(key, context);
    return new UnlockedVolume(inside.open(plaintextDevice, "unlocked", context), image.info());
  }

  @Override
  public long usualKdfMemory() {
    return LuksOptions.DEFAULT_KDF_MEMORY_BYTES;
  }

  @Override
  public void close() throws IOException {
    try (place) {
      image.close();
    }
  }
}
