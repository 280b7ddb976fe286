package io.unsealfs.verify;

import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;

/**
 * Refuses a type of evidence that cannot be judged, and says why.
 *
 * @param evidenceType the type it refuses
 * @param reason why
 */
public record UnsupportedAppraiser(String evidenceType, String reason) implements Appraiser {
  /** TDX, where there is no collateral to judge it by. */
  public static final Appraiser TDX =
      new UnsupportedAppraiser(
          "tdx", "collateral in the configuration: without it tdx evidence cannot be verified");

  /** SEV-SNP, where nothing is there to judge it by. */
  public static final Appraiser SNP =
      new UnsupportedAppraiser(
          "snp", "snp in the configuration: without revocation lists it cannot be verified");

  /** No evidence is no reason to release anything. */
  public static final Appraiser NONE =
      new UnsupportedAppraiser("none", "no evidence never releases a secret");

  @Override
  public Appraisal appraise(Evidence evidence, ReportData expected) {
    return Appraisal.refused(
        new FailedCheck("evidence_type", FailedCheck.Kind.UNSUPPORTED, reason, evidence.type()));
  }
}
