package io.unsealfs.daemon;

import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeInfo;
import io.unsealfs.volume.VolumeKey;
import java.io.Closeable;
import java.io.IOException;

/** SOURCE, found and recognised, its header read, before any key is there. */
interface EncryptedSource extends Closeable {

  /** What the header says. */
  VolumeInfo info();

  /**
   * Opens the volume; after a {@link io.unsealfs.volume.WrongKeyException} another key may be
   * tried.
   *
   * @param demands what came with the key, compared with the header that is really used
   */
  Volume open(VolumeKey key, VolumeContext context, Demands demands) throws IOException;

  /** Bytes of memory that the format's key derivation may take where nothing else is said. */
  long usualKdfMemory();

  /** Where it lies. */
  Place place();

  /** Refuses a header. */
  interface Demands {
    /**
     * Compares.
     *
     * @throws io.unsealfs.volume.PinMismatchException if it is another
     */
    void check(VolumeInfo info) throws IOException;
  }
}
