package io.unsealfs.verify.dcap;

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
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Judges the quotes of one TEE: genuine, in force, within the rules, and about this conversation,
 * in that order. Which software may run is not its question.
 */
public final class QuoteAppraiser implements Appraiser {
  private final Claims.Tee tee;
  private final EndorsementSource endorsements;
  private final QuoteVerifier verifier;
  private final BaselineRules rules;
  private final Clock clock;

  /**
   * An appraiser.
   *
   * @param tee TDX or SGX
   * @param clock the wall clock, read once for each appraisal
   */
  public QuoteAppraiser(
      Claims.Tee tee,
      EndorsementSource endorsements,
      QuoteVerifier verifier,
      BaselineRules rules,
      Clock clock) {
    this.tee = tee;
    this.endorsements = endorsements;
    this.verifier = verifier;
    this.rules = rules;
    this.clock = clock;
  }

  @Override
  public String evidenceType() {
    return tee.word();
  }

  @Override
  public Appraisal appraise(Evidence evidence, ReportData expected) {
    return appraise(evidence, Optional.of(expected));
  }

  /**
   * Judges a quote.
   *
   * @param expected what it must be bound to; not checked if empty, which only fits a look at
   *     evidence and never a release
   */
  public Appraisal appraise(Evidence evidence, Optional<ReportData> expected) {
    if (!evidence.type().equals(tee.word())) {
      return Appraisal.refused(
          Failure.QUOTE_UNSUPPORTED.check(tee.word() + " evidence", evidence.type()));
    }
    Instant now = clock.instant();
    Claims claims;
    try {
      Quote quote = Quote.parse(evidence.quote());
      if (quote.tee() != tee) {
        throw Failure.QUOTE_FORMAT.exception(
            "a quote of " + tee.word(), "one of " + quote.tee().word());
      }
      claims = verifier.verify(quote, endorsements.find(QuoteVerifier.platform(quote), now), now);
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
