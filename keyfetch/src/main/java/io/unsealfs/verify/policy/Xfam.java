package io.unsealfs.verify.policy;

import io.unsealfs.verify.Claims;
import java.util.List;
import java.util.Set;

/**
 * Extended features of a TD: x87 and SSE state must be there (TDX module, XFAM), the rest may be
 * listed.
 *
 * @param allowed lower-case hex as in the quote; empty allows any
 */
record Xfam(Set<String> allowed) implements Check {
  private static final long REQUIRED = 3;

  @Override
  public List<CheckResult> judge(Subject subject) {
    String actual = subject.claims().hex(Claims.Field.XFAM).orElse("absent");
    long bits = subject.claims().number(Claims.Field.XFAM).orElse(0);
    return List.of(
        new CheckResult(
            "XFAM",
            "xfam",
            (bits & REQUIRED) == REQUIRED && (allowed.isEmpty() || allowed.contains(actual)),
            allowed.isEmpty() ? "has bits 0 and 1" : Check.oneOf(allowed),
            actual));
  }
}
