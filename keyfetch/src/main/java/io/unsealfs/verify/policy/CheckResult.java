package io.unsealfs.verify.policy;

import io.unsealfs.verify.FailedCheck;

/**
 * One line of a rule, judged.
 *
 * @param name of the check, a stable word as in {@link FailedCheck}
 * @param field what was looked at
 * @param passed whether it is as the rule wants it
 * @param expected what the rule wants
 * @param actual what was found
 */
public record CheckResult(
    String name, String field, boolean passed, String expected, String actual) {

  /** This line as a failed check of {@code rule}. */
  FailedCheck failed(String rule) {
    return new FailedCheck(
        name,
        FailedCheck.Kind.POLICY,
        "rule \"%s\": %s %s".formatted(rule, field, expected),
        actual);
  }
}
