package io.unsealfs.verify.policy;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The caller proved to hold a listed certificate, or a listed pre-shared key; if both are listed,
 * both.
 *
 * @param certificates SHA-256, lower-case hex
 * @param preSharedKeys names of keys of the server
 */
record RequesterCheck(Set<String> certificates, Set<String> preSharedKeys) implements Check {

  @Override
  public List<CheckResult> judge(Subject subject) {
    CheckResult certificate =
        result("requester_certificate", certificates, subject.requester().certificateSha256());
    CheckResult key = result("requester_psk", preSharedKeys, subject.requester().preSharedKey());
    if (certificates.isEmpty()) {
      return List.of(key);
    }
    return preSharedKeys.isEmpty() ? List.of(certificate) : List.of(certificate, key);
  }

  private static CheckResult result(String field, Set<String> allowed, Optional<String> actual) {
    return new CheckResult(
        "REQUESTER",
        field,
        actual.isPresent() && allowed.contains(actual.get()),
        Check.oneOf(allowed),
        actual.orElse("none"));
  }
}
