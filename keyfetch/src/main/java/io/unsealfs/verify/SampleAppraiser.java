package io.unsealfs.verify;

import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.attest.sample.SampleEvidence;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Judges sample evidence: whether it is well-formed and about this conversation. That is all it can
 * say; anybody can make it.
 */
public final class SampleAppraiser implements Appraiser {

  @Override
  public String evidenceType() {
    return SampleEvidence.TYPE;
  }

  @Override
  public Appraisal appraise(Evidence evidence, ReportData expected) {
    if (!evidence.type().equals(SampleEvidence.TYPE)) {
      return Appraisal.refused(
          new FailedCheck(
              "evidence_type", FailedCheck.Kind.UNSUPPORTED, SampleEvidence.TYPE, evidence.type()));
    }
    Optional<ReportData> actual = SampleEvidence.parse(evidence.quote());
    if (actual.isEmpty() || evidence.eventLog().length != 0) {
      return Appraisal.refused(
          new FailedCheck(
              "sample_document",
              FailedCheck.Kind.MALFORMED,
              "a sample document and no event log",
              "%d and %d bytes".formatted(evidence.quote().length, evidence.eventLog().length)));
    }
    byte[] wanted = expected.toBytes();
    byte[] found = actual.get().toBytes();
    if (!MessageDigest.isEqual(wanted, found)) {
      return Appraisal.refused(
          new FailedCheck(
              "report_data",
              FailedCheck.Kind.BINDING,
              HexFormat.of().formatHex(wanted),
              HexFormat.of().formatHex(found)));
    }
    return Appraisal.ACCEPTED;
  }
}
