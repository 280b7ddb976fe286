package io.unsealfs.verify.policy;

import java.util.ArrayList;
import java.util.List;

/**
 * Conditions that have to hold together.
 *
 * @param name for people
 * @param checks in the order of the explanation
 */
record Rule(String name, List<Check> checks) {
  Rule {
    checks = List.copyOf(checks);
  }

  Verdict.RuleVerdict judge(Subject subject) {
    List<CheckResult> results = new ArrayList<>();
    for (Check check : checks) {
      List<CheckResult> lines = check.judge(subject);
      results.addAll(lines);
      if (check instanceof TeeCheck && !lines.get(0).passed()) {
        // the other lines are about fields this evidence does not have
        break;
      }
    }
    return new Verdict.RuleVerdict(name, results);
  }
}
