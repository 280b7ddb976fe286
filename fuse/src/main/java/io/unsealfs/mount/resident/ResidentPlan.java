package io.unsealfs.mount.resident;

import io.unsealfs.os.HiddenMemory;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What resident mode is asked to do.
 *
 * @param selects files by their path from the root, without a leading slash
 * @param budgetBytes the most memory that all resident files may take
 * @param waits whether who opens a file waits until all of it is there; otherwise he reads through
 *     us what is decrypted so far, and only later openers read as fast as from plain memory
 * @param touched memory for it that was touched ahead; whoever made it closes it
 */
public record ResidentPlan(
    Predicate<String> selects, long budgetBytes, boolean waits, Optional<TouchAhead> touched) {
  /**
   * Smaller files are read the ordinary way: they would get no huge page, and without one there is
   * nothing to gain.
   */
  public static final long LEAST_FILE_BYTES = HiddenMemory.UNIT;

  /** Without memory touched ahead. */
  public ResidentPlan(Predicate<String> selects, long budgetBytes, boolean waits) {
    this(selects, budgetBytes, waits, Optional.empty());
  }

  /** The same with this memory touched ahead. */
  public ResidentPlan withTouched(Optional<TouchAhead> memory) {
    return new ResidentPlan(selects, budgetBytes, waits, memory);
  }
}
