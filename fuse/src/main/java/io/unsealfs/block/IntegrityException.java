package io.unsealfs.block;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * An authentication tag, hash or checksum is wrong: the bytes are not what the owner wrote, and are
 * not served.
 */
public class IntegrityException extends IOException {
  private static final long serialVersionUID = 1L;

  private final @Nullable String location;
  private final long ciphertextOffset;
  private final String problem;

  /** An error with this message: what failed, on what, why. */
  public IntegrityException(String message) {
    super(message);
    this.location = null;
    this.ciphertextOffset = -1;
    this.problem = message;
  }

  /** An error with this message and its cause. */
  public IntegrityException(String message, Throwable cause) {
    super(message, cause);
    this.location = null;
    this.ciphertextOffset = -1;
    this.problem = message;
  }

  /**
   * Damage at a known place.
   *
   * @param location ciphertext path, printable
   * @param ciphertextOffset first stored byte of the damaged block
   * @param problem what is wrong with it
   */
  public IntegrityException(String location, long ciphertextOffset, String problem) {
    super(location + ": damaged at ciphertext offset " + ciphertextOffset + ": " + problem);
    this.location = location;
    this.ciphertextOffset = ciphertextOffset;
    this.problem = problem;
  }

  private IntegrityException(String message, String location, String problem) {
    super(message);
    this.location = location;
    this.ciphertextOffset = -1;
    this.problem = problem;
  }

  /**
   * Damage of something that has a name and no single block.
   *
   * @param location what it is, printable, without any plaintext name
   * @param problem what is wrong with it
   */
  public static IntegrityException of(String location, String problem) {
    return new IntegrityException(location + ": " + problem, location, problem);
  }

  /** Ciphertext path of the damage, or null where the thrower did not know it. */
  public @Nullable String location() {
    return location;
  }

  /** First stored byte of the damaged block, or -1 where the thrower did not know it. */
  public long ciphertextOffset() {
    return ciphertextOffset;
  }

  /** What is wrong, without the place. */
  public String problem() {
    return problem;
  }
}
