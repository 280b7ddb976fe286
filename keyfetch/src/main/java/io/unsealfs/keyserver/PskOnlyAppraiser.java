package io.unsealfs.keyserver;

import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.verify.Appraisal;
import io.unsealfs.verify.Appraiser;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.FailedCheck;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Takes no evidence for what it is, from callers who proved to hold a pre-shared key. Whether that
 * is enough is for the rules of the secret to say.
 */
final class PskOnlyAppraiser implements Appraiser {
  private static final Claims NOTHING = Claims.of(Claims.Tee.NONE, Map.of(), Optional.empty());

  @Override
  public String evidenceType() {
    return Claims.Tee.NONE.word();
  }

  @Override
  public Appraisal appraise(Evidence evidence, ReportData expected) {
    if (evidence.quote().length != 0 || evidence.eventLog().length != 0) {
      return Appraisal.refused(
          new FailedCheck(
              "evidence_type",
              FailedCheck.Kind.MALFORMED,
              "no evidence",
              "%d and %d bytes".formatted(evidence.quote().length, evidence.eventLog().length)));
    }
    return new Appraisal(List.of(), Optional.of(NOTHING));
  }
}
