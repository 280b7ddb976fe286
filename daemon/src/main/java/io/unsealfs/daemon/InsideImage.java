package io.unsealfs.daemon;

import io.unsealfs.storage.Source;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.ext4.Ext4FileSystem;
import io.unsealfs.volume.ext4.Ext4Options;
import io.unsealfs.volume.image.ImageContent;
import io.unsealfs.volume.raw.RawImage;
import java.io.IOException;
import java.util.OptionalInt;

/**
 * Which part of a plaintext device to show, and how.
 *
 * @param raw as one file, whatever is on it
 * @param partition the partition asked for
 */
record InsideImage(boolean raw, OptionalInt partition, Ext4Options ext4) {

  static InsideImage of(SourceOptions source) throws UsageException {
    return new InsideImage(source.raw, source.partitionNumber(), source.ext4());
  }

  /** All of it, whatever it is. */
  static InsideImage whole(SourceOptions source) throws UsageException {
    return new InsideImage(true, OptionalInt.empty(), source.ext4());
  }

  /**
   * The volume on {@code plaintextDevice}, which it takes over, also when it throws.
   *
   * @param state what an error says first
   */
  Volume open(Source plaintextDevice, String state, VolumeContext context) throws IOException {
    if (raw) {
      return new RawImage(plaintextDevice);
    }
    Source found;
    try {
      found = ImageContent.find(plaintextDevice, partition, state);
    } catch (IOException e) {
      plaintextDevice.close();
      throw e;
    }
    return Ext4FileSystem.open(found, ext4, context);
  }
}
