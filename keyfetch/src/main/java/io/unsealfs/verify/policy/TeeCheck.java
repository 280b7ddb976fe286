package io.unsealfs.verify.policy;

import io.unsealfs.verify.Claims;
import java.util.List;

/** The evidence is of this kind. */
record TeeCheck(Claims.Tee tee) implements Check {

  @Override
  public List<CheckResult> judge(Subject subject) {
    Claims.Tee actual = subject.claims().tee();
    return List.of(new CheckResult("TEE", "tee", actual == tee, "is " + tee.word(), actual.word()));
  }
}
