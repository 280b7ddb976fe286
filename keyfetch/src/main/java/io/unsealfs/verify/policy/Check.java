package io.unsealfs.verify.policy;

import java.util.Collection;
import java.util.List;

/** One condition of a rule. Stateless. */
interface Check {
  /** The condition judged; more than one line where it has several sides. */
  List<CheckResult> judge(Subject subject);

  /** Allowed values in words. */
  static String oneOf(Collection<String> values) {
    return values.size() == 1
        ? "is " + values.iterator().next()
        : "is one of " + String.join(", ", values);
  }
}
