package io.unsealfs.verify;

import java.util.List;
import java.util.Optional;

/**
 * What an appraisal found: every check that failed. Nothing failed means accepted.
 *
 * @param failures the failed checks, the most fundamental first
 * @param claims what the evidence says, if it was verified to be genuine; present also where a
 *     later check failed
 */
public record Appraisal(List<FailedCheck> failures, Optional<Claims> claims) {
  /** Evidence that passed every check and says nothing about its machine. */
  public static final Appraisal ACCEPTED = new Appraisal(List.of(), Optional.empty());

  /** Copies the list. */
  public Appraisal {
    failures = List.copyOf(failures);
  }

  /** An appraisal without claims. */
  public Appraisal(List<FailedCheck> failures) {
    this(failures, Optional.empty());
  }

  /** Evidence that failed one check. */
  public static Appraisal refused(FailedCheck failure) {
    return new Appraisal(List.of(failure));
  }

  /** Whether the evidence passed every check. */
  public boolean accepted() {
    return failures.isEmpty();
  }
}
