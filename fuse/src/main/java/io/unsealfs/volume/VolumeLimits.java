package io.unsealfs.volume;

/**
 * Ceilings on what a volume header may cost before a key is known to be right.
 *
 * @param kdfMemory bytes a key derivation may allocate
 * @param kdfWork block operations of a key derivation: {@code N * r * p} for scrypt
 */
public record VolumeLimits(long kdfMemory, long kdfWork) {}
