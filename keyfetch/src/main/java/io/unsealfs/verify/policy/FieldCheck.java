package io.unsealfs.verify.policy;

import io.unsealfs.verify.Claims;
import java.util.List;
import java.util.Set;

/**
 * A field has one of the listed values.
 *
 * @param name of the check
 * @param allowed lower-case hex
 */
record FieldCheck(String name, Claims.Field field, Set<String> allowed) implements Check {

  @Override
  public List<CheckResult> judge(Subject subject) {
    String actual = subject.claims().hex(field).orElse("absent");
    return List.of(
        new CheckResult(
            name, field.word(), allowed.contains(actual), Check.oneOf(allowed), actual));
  }
}
