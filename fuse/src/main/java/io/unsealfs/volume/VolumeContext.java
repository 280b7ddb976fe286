package io.unsealfs.volume;

import io.unsealfs.block.BlockCache;
import java.util.function.Consumer;

/**
 * What a format needs from its surroundings.
 *
 * @param cache the cache of decrypted extents, shared by the files of the volume
 * @param limits ceilings for what a header may ask for
 * @param warnings receives one line per oddity that does not stop the volume from being read
 *     (ciphertext paths only)
 * @param unauthenticated told the volume key by a format that cannot tell forged content
 * @param opened told the volume key by every format
 */
public record VolumeContext(
    BlockCache cache,
    VolumeLimits limits,
    Consumer<String> warnings,
    KeyUse unauthenticated,
    KeyUse opened) {

  /**
   * Derives a key of its own from the volume's, so that others can check what the format does not.
   */
  @FunctionalInterface
  public interface KeyUse {
    /** No use. */
    KeyUse NONE = volumeKey -> {};

    /**
     * Before a byte of content is read.
     *
     * @param volumeKey belongs to the caller, who wipes it
     */
    void use(byte[] volumeKey);
  }

  /** Without another use of the key. */
  public VolumeContext(BlockCache cache, VolumeLimits limits, Consumer<String> warnings) {
    this(cache, limits, warnings, KeyUse.NONE, KeyUse.NONE);
  }
}
