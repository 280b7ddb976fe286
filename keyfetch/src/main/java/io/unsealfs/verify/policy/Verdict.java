package io.unsealfs.verify.policy;

import io.unsealfs.verify.FailedCheck;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What a secret's rules made of a subject: every line of every rule. Accepted if all lines of one
 * rule passed.
 *
 * @param secret its name
 * @param rules in the file's order
 */
public record Verdict(String secret, List<RuleVerdict> rules) {
  /** Copies the list. */
  public Verdict {
    rules = List.copyOf(rules);
  }

  /**
   * One rule.
   *
   * @param rule its name
   * @param checks its lines
   */
  public record RuleVerdict(String rule, List<CheckResult> checks) {
    /** Copies the list. */
    public RuleVerdict {
      checks = List.copyOf(checks);
    }

    /** Whether every line passed. */
    public boolean accepted() {
      return failed() == 0;
    }

    private long failed() {
      return checks.stream().filter(check -> !check.passed()).count();
    }
  }

  /** Whether a rule accepts. */
  public boolean accepted() {
    return rules.stream().anyMatch(RuleVerdict::accepted);
  }

  /** What failed in the rule that came closest; nothing if one accepts. */
  public List<FailedCheck> failures() {
    if (accepted()) {
      return List.of();
    }
    return rules.stream()
        .min(Comparator.comparingLong(RuleVerdict::failed))
        .map(closest ->
            closest.checks().stream()
                .filter(check -> !check.passed())
                .map(check -> check.failed(closest.rule()))
                .toList())
        .orElse(List.of());
  }

  /** Line by line, for people: what passed and what failed, with expected and actual values. */
  public List<String> explain() {
    List<String> lines = new ArrayList<>();
    lines.add("secret %s: %s".formatted(secret, accepted() ? "accepted" : "refused"));
    for (RuleVerdict rule : rules) {
      lines.add("  rule \"%s\": %s".formatted(rule.rule(), rule.accepted() ? "passes" : "fails"));
      for (CheckResult check : rule.checks()) {
        lines.add(
            "    %s %s %s: expected %s; actual %s"
                .formatted(
                    check.passed() ? "pass" : "FAIL",
                    check.name(),
                    check.field(),
                    check.expected(),
                    check.actual()));
      }
    }
    return lines;
  }
}
