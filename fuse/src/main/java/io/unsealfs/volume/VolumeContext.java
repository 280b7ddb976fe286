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
 */
public record VolumeContext(BlockCache cache, VolumeLimits limits, Consumer<String> warnings) {}
