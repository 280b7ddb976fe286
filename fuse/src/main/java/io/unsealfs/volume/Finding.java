package io.unsealfs.volume;

/**
 * One damage found by {@link Volume#check}.
 *
 * @param location ciphertext path relative to the volume
 * @param plaintextPath plaintext path as text for people, or the deepest directory known; empty for
 *     the root
 * @param offset ciphertext offset in bytes, or -1 if the damage has no place within the object
 * @param problem what is wrong
 */
public record Finding(String location, String plaintextPath, long offset, String problem) {}
