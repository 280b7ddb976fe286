package io.unsealfs.verify.policy;

import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.sample.SampleEvidence;
import io.unsealfs.verify.Appraisal;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.FailedCheck;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What has to be shown for one secret. Immutable.
 *
 * @param name the secret's
 * @param allowsSample whether sample evidence is taken for it
 * @param maxReleases how often it may be released at all; counted by who releases
 * @param rules any of which is enough
 */
public record SecretPolicy(
    String name, boolean allowsSample, OptionalInt maxReleases, List<Rule> rules) {
  /** Copies the list. */
  public SecretPolicy {
    rules = List.copyOf(rules);
  }

  /** Takes sample evidence, and only that. */
  public static SecretPolicy sampleOnly(String name) {
    return new SecretPolicy(
        name,
        true,
        OptionalInt.empty(),
        List.of(new Rule("sample", List.of(new TeeCheck(Claims.Tee.SAMPLE)))));
  }

  /**
   * The last word on evidence: what was wrong with it in itself, or else what its rules say.
   *
   * <p>Failures of kind {@link FailedCheck.Kind#POLICY} come from defaults for those without a
   * policy; the rules judge the same things and more, and may be more lenient.
   *
   * @param verified what its appraiser found
   */
  public Appraisal appraise(
      Evidence evidence, Appraisal verified, Requester requester, Instant now) {
    boolean sound =
        verified.failures().stream().allMatch(failed -> failed.kind() == FailedCheck.Kind.POLICY);
    Optional<Claims> claims =
        evidence.type().equals(SampleEvidence.TYPE) && verified.accepted()
            ? Optional.of(Claims.of(Claims.Tee.SAMPLE, Map.of(), Optional.empty()))
            : verified.claims();
    if (!sound || claims.isEmpty()) {
      return verified.accepted()
          ? Appraisal.refused(
              new FailedCheck(
                  "TEE", FailedCheck.Kind.UNSUPPORTED, "evidence with claims", evidence.type()))
          : verified;
    }
    Verdict verdict = judge(Subject.of(evidence, claims.get(), requester, now));
    return new Appraisal(verdict.failures(), verified.claims());
  }

  /** Judges every rule, so that all of what is wrong can be told. */
  public Verdict judge(Subject subject) {
    return new Verdict(name, rules.stream().map(rule -> rule.judge(subject)).toList());
  }
}
