package io.unsealfs.attest.sample;

import io.unsealfs.attest.Attester;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;

/** Writes {@link SampleEvidence}. Insecure, never chosen by itself, warns on every use. */
public final class SampleAttester implements Attester {
  private static final System.Logger LOG = System.getLogger(SampleAttester.class.getName());

  @Override
  public String name() {
    return SampleEvidence.TYPE;
  }

  @Override
  public boolean isAvailable() {
    return true;
  }

  @Override
  public Evidence collect(ReportData reportData) {
    LOG.log(
        System.Logger.Level.WARNING,
        "INSECURE: sample evidence proves nothing about this host; for trials only");
    return new Evidence(SampleEvidence.TYPE, SampleEvidence.document(reportData), new byte[0]);
  }
}
