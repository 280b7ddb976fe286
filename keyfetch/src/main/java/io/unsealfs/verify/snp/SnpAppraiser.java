package io.unsealfs.verify.snp;

import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.verify.Appraisal;
import io.unsealfs.verify.Appraiser;
import io.unsealfs.verify.BaselineRules;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.Failure;
import io.unsealfs.verify.VerificationException;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Judges SEV-SNP reports: genuine, in force, within the rules, and about this conversation, in that
 * order. Which software may run, and how old its platform may be, is not its question.
 */
public final class SnpAppraiser implements Appraiser {
  private final SnpSource endorsements;
  private final BaselineRules rules;
  private final Clock clock;

  /**
   * An appraiser.
   *
   * @param clock the wall clock, read once for each appraisal
   */
  public SnpAppraiser(SnpSource endorsements, BaselineRules rules, Clock clock) {
    this.endorsements = endorsements;
    this.rules = rules;
    this.clock = clock;
  }

  @Override
  public String evidenceType() {
    return Claims.Tee.SNP.word();
  }

  @Override
  public Appraisal appraise(Evidence evidence, ReportData expected) {
    return appraise(evidence, Optional.of(expected));
  }

  /**
   * Judges a report.
   *
   * @param expected what it must be bound to; not checked if empty, which only fits a look at
   *     evidence and never a release
   */
  public Appraisal appraise(Evidence evidence, Optional<ReportData> expected) {
    if (!evidence.type().equals(evidenceType())) {
      return Appraisal.refused(
          Failure.QUOTE_UNSUPPORTED.check(evidenceType() + " evidence", evidence.type()));
    }
    if (evidence.eventLog().length != 0) {
      return Appraisal.refused(
          Failure.QUOTE_FORMAT.check(
              "no event log: a report has no registers to hold one against",
              evidence.eventLog().length + " bytes"));
    }
    Claims claims;
    try {
      claims = ReportVerifier.verify(evidence.quote(), endorsements.now(), clock.instant());
    } catch (VerificationException e) {
      return Appraisal.refused(e.failure());
    }
    List<FailedCheck> failures = new ArrayList<>(rules.check(claims));
    expected.flatMap(wanted -> binding(claims, wanted)).ifPresent(failures::add);
    return new Appraisal(failures, Optional.of(claims));
  }

  private static Optional<FailedCheck> binding(Claims claims, ReportData expected) {
    byte[] wanted = expected.toBytes();
    byte[] found = claims.bytes(Claims.Field.REPORT_DATA).orElse(new byte[0]);
    return MessageDigest.isEqual(wanted, found)
        ? Optional.empty()
        : Optional.of(
            Failure.REPORT_DATA.check(
                HexFormat.of().formatHex(wanted), HexFormat.of().formatHex(found)));
  }
}
