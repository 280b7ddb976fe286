package io.unsealfs.verify;

import io.unsealfs.attest.ReportData;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * What an appraisal found: every check that failed. Nothing failed means accepted.
 *
 * @param failures the failed checks, the most fundamental first
 * @param claims what the evidence says, if it was verified to be genuine; present also where a
 *     later check failed
 */
public record Appraisal(List<FailedCheck> failures, Optional<Claims> claims) {
  /** Evidence that passed every check and says nothing about its machine. */
  public static final Appraisal ACCEPTED = new Appraisal(List.of(), Optional.empty());

  /** Copies the list. */
  public Appraisal {
    failures = List.copyOf(failures);
  }

  /** An appraisal without claims. */
  public Appraisal(List<FailedCheck> failures) {
    this(failures, Optional.empty());
  }

  /** Evidence that failed one check. */
  public static Appraisal refused(FailedCheck failure) {
    return new Appraisal(List.of(failure));
  }

  /**
   * Judges claims that were verified to be genuine: by the rules for every secret, and by what they
   * are bound to.
   *
   * @param expected the report data of this conversation; not checked if empty, which only fits a
   *     look at evidence and never a release
   */
  public static Appraisal of(Claims claims, BaselineRules rules, Optional<ReportData> expected) {
    List<FailedCheck> failures = new ArrayList<>(rules.check(claims));
    expected.flatMap(wanted -> unbound(claims, wanted)).ifPresent(failures::add);
    return new Appraisal(failures, Optional.of(claims));
  }

  private static Optional<FailedCheck> unbound(Claims claims, ReportData expected) {
    byte[] wanted = expected.toBytes();
    byte[] found = claims.bytes(Claims.Field.REPORT_DATA).orElse(new byte[0]);
    return MessageDigest.isEqual(wanted, found)
        ? Optional.empty()
        : Optional.of(
            Failure.REPORT_DATA.check(
                HexFormat.of().formatHex(wanted), HexFormat.of().formatHex(found)));
  }

  /** Whether the evidence passed every check. */
  public boolean accepted() {
    return failures.isEmpty();
  }
}
