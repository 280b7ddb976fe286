package io.unsealfs.mount.resident;

/**
 * Figures of resident mode.
 *
 * @param budgetBytes the most memory all files may take
 * @param bytesHeld memory set aside for files that are there or being filled
 * @param files that are there or being filled
 * @param fills files that became resident so far
 * @param givenUp fills that were not finished: damage, memory
 * @param refused openers who got the ordinary path since there was no room
 * @param evictions files dropped to make room
 */
public record ResidentFigures(
    long budgetBytes,
    long bytesHeld,
    int files,
    long fills,
    long givenUp,
    long refused,
    long evictions) {

  /** One line for the log. */
  public String text() {
    return "resident: "
        + files
        + " files, "
        + bytesHeld
        + " bytes of "
        + budgetBytes
        + ", "
        + fills
        + " filled, "
        + givenUp
        + " given up, "
        + refused
        + " refused, "
        + evictions
        + " evicted";
  }
}
