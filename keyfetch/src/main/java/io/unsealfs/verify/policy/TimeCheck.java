package io.unsealfs.verify.policy;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The request comes within this time.
 *
 * @param notBefore the first moment
 * @param notAfter the last moment
 */
record TimeCheck(Optional<Instant> notBefore, Optional<Instant> notAfter) implements Check {

  @Override
  public List<CheckResult> judge(Subject subject) {
    boolean passed =
        (notBefore.isEmpty() || !subject.now().isBefore(notBefore.get()))
            && (notAfter.isEmpty() || !subject.now().isAfter(notAfter.get()));
    String expected =
        "is within "
            + notBefore.map(Instant::toString).orElse("ever")
            + " to "
            + notAfter.map(Instant::toString).orElse("ever");
    return List.of(new CheckResult("TIME", "time", passed, expected, subject.now().toString()));
  }
}
