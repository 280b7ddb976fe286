package io.unsealfs.verify;

import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;

/** Judges evidence of one type. Stateless and thread-safe. */
public interface Appraiser {

  /** The type of evidence it judges, as in {@link Evidence#type}. */
  String evidenceType();

  /**
   * Judges evidence that came from the network.
   *
   * @param expected what the evidence must be bound to
   * @return every check that failed; never accepted unless each was made
   */
  Appraisal appraise(Evidence evidence, ReportData expected);
}
