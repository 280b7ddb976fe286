package io.unsealfs.verify.snp;

/** Where endorsements come from; asked for each report. Thread-safe. */
@FunctionalInterface
public interface SnpSource {

  /** What there is now. */
  SnpEndorsements now();
}
