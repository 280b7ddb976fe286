package io.unsealfs.daemon;

import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.policy.Requester;
import io.unsealfs.verify.policy.SecretPolicy;
import io.unsealfs.verify.policy.Subject;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code unsealfs policy explain}. */
@Command(
    name = "explain",
    description =
        "Shows line by line what of a policy evidence passes and fails. Exit code 0 if a key server"
            + " would accept it, 21 if not.")
final class PolicyExplainCommand implements Callable<Integer> {
  @Mixin ShownEvidence shown = new ShownEvidence();

  @Mixin PolicyOptions policy = new PolicyOptions();

  @Override
  public Integer call() throws IOException {
    SecretPolicy rules =
        policy
            .read()
            .orElseThrow(
                () -> new UsageException("--policy FILE is missing; policy learn writes one"));
    ShownEvidence.Judged judged = shown.judge();
    boolean genuine =
        judged.appraisal().failures().stream()
            .allMatch(failure -> failure.kind() == FailedCheck.Kind.POLICY);
    System.out.println("evidence: " + (genuine ? "genuine" : "NOT VERIFIED"));
    if (!genuine) {
      for (FailedCheck failure : judged.appraisal().failures()) {
        System.out.printf(
            "    FAIL %s: expected %s; actual %s%n",
            failure.name(), failure.expected(), failure.actual());
      }
    }
    if (judged.claims().isEmpty() || judged.evidence().isEmpty()) {
      return ExitCode.KEY_DENIED.status();
    }
    rules
        .judge(
            Subject.of(
                judged.evidence().get(), judged.claims().get(), Requester.UNKNOWN, judged.time()))
        .explain()
        .forEach(System.out::println);
    boolean accepted =
        rules
            .appraise(judged.evidence().get(), judged.appraisal(), Requester.UNKNOWN, judged.time())
            .accepted();
    return (accepted ? ExitCode.DONE : ExitCode.KEY_DENIED).status();
  }
}
