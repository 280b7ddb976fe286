package io.unsealfs.attest;

/** Makes evidence about this host (RFC 9334). */
public interface Attester {

  /** The word of {@code --attester}. */
  String name();

  /** Whether this host looks able to make such evidence; cheap. */
  boolean isAvailable();

  /**
   * Collects fresh evidence over {@code reportData}.
   *
   * @throws AttestationException if there is no TEE or the quote failed
   */
  Evidence collect(ReportData reportData) throws AttestationException;
}
