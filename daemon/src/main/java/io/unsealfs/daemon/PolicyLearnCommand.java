package io.unsealfs.daemon;

import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.policy.PolicySkeleton;
import io.unsealfs.verify.policy.Requester;
import io.unsealfs.verify.policy.Subject;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code unsealfs policy learn}. */
@Command(
    name = "learn",
    description =
        "Writes a first policy from the evidence of a machine that is known to be good. Read it"
            + " before it is used.")
final class PolicyLearnCommand implements Callable<Integer> {
  @Mixin ShownEvidence shown = new ShownEvidence();

  @Option(
      names = "--secret",
      paramLabel = "NAME",
      defaultValue = "model",
      description = "Secret that the policy is for (default: ${DEFAULT-VALUE}).")
  String secret = "model";

  @Override
  public Integer call() throws IOException {
    ShownEvidence.Judged judged = shown.judge();
    if (judged.claims().isEmpty() || judged.evidence().isEmpty()) {
      for (FailedCheck failure : judged.appraisal().failures()) {
        System.err.printf(
            "policy learn %s: %s: expected %s, found %s%n",
            shown.file, failure.name(), failure.expected(), failure.actual());
      }
      return ExitCode.KEY_DENIED.status();
    }
    if (judged.appraisal().claims().isEmpty()) {
      for (FailedCheck failure : judged.appraisal().failures()) {
        System.err.printf(
            "NOT VERIFIED, learned all the same: %s: %s%n", failure.name(), failure.actual());
      }
    }
    System.out.print(
        PolicySkeleton.of(
            secret,
            Subject.of(
                judged.evidence().get(), judged.claims().get(), Requester.UNKNOWN, judged.time())));
    return ExitCode.DONE.status();
  }
}
