package io.unsealfs.volume;

/**
 * One thing found by {@link Volume#check}.
 *
 * @param location ciphertext path relative to the volume
 * @param plaintextPath plaintext path as text for people, or the deepest directory known; empty for
 *     the root
 * @param offset ciphertext offset in bytes, or -1 if it has no place within the object
 * @param problem what is wrong
 * @param damage whether the volume is damaged; otherwise a copy of it was, and is not any more
 */
public record Finding(
    String location, String plaintextPath, long offset, String problem, boolean damage) {

  /** A damage. */
  public Finding(String location, String plaintextPath, long offset, String problem) {
    this(location, plaintextPath, offset, problem, true);
  }
}
