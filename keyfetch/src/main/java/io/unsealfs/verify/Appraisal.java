package io.unsealfs.verify;

import java.util.List;

/**
 * What an appraisal found: every check that failed. Nothing failed means accepted.
 *
 * @param failures the failed checks, the most fundamental first
 */
public record Appraisal(List<FailedCheck> failures) {
  /** Evidence that passed every check. */
  public static final Appraisal ACCEPTED = new Appraisal(List.of());

  /** Copies the list. */
  public Appraisal {
    failures = List.copyOf(failures);
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
