package io.unsealfs.mount.resident;

import io.unsealfs.os.HiddenMemory;
import java.util.function.Predicate;

/**
 * What resident mode is asked to do.
 *
 * @param selects files by their path from the root, without a leading slash
 * @param budgetBytes the most memory that all resident files may take
 * @param waits whether who opens a file waits until all of it is there; otherwise he reads through
 *     us what is decrypted so far, and only later openers read as fast as from plain memory
 */
public record ResidentPlan(Predicate<String> selects, long budgetBytes, boolean waits) {
  /**
   * Smaller files are read the ordinary way: they would get no huge page, and without one there is
   * nothing to gain.
   */
  public static final long LEAST_FILE_BYTES = HiddenMemory.UNIT;
}
