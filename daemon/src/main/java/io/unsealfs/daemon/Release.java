package io.unsealfs.daemon;

import io.unsealfs.key.KeyReference;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.volume.VolumeInfo;

/**
 * The release of the key that opened a volume.
 *
 * @param reference where it came from
 * @param terms what came with it
 * @param askedNanos when it was asked for, by the clock that counts suspension
 * @param pin what the command line demands of the volume
 * @param volume what it opened
 */
record Release(
    KeyReference reference, SecretTerms terms, long askedNanos, Pin pin, VolumeInfo volume) {}
