package io.unsealfs.verify.policy;

import io.unsealfs.verify.Claims;
import java.util.List;
import java.util.Set;

/**
 * No service TD is bound to the TD, or a listed one: it may see or change what the TD has.
 *
 * @param allowed lower-case hex
 */
record ServiceTd(Set<String> allowed) implements Check {

  @Override
  public List<CheckResult> judge(Subject subject) {
    // quotes with a body of TDX 1.0 do not have the field
    String actual = subject.claims().hex(Claims.Field.MR_SERVICETD).orElse("absent");
    boolean none = actual.equals("absent") || actual.chars().allMatch(c -> c == '0');
    return List.of(
        new CheckResult(
            "SERVICE_TD",
            Claims.Field.MR_SERVICETD.word(),
            none || allowed.contains(actual),
            allowed.isEmpty()
                ? "is absent or zero"
                : "is absent or zero or " + String.join(", ", allowed),
            actual));
  }
}
