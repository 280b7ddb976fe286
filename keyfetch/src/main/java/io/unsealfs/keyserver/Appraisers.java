package io.unsealfs.keyserver;

import io.unsealfs.attest.sample.SampleEvidence;
import io.unsealfs.verify.Appraiser;
import io.unsealfs.verify.SampleAppraiser;
import io.unsealfs.verify.UnsupportedAppraiser;
import java.util.List;

/** Who judges which type of evidence. What nobody judges is refused. */
final class Appraisers {
  private static final Appraiser SAMPLE_NOT_ALLOWED =
      new UnsupportedAppraiser(SampleEvidence.TYPE, "allow_sample: true in the configuration");

  private final List<Appraiser> known;

  Appraisers(List<Appraiser> known) {
    this.known = List.copyOf(known);
  }

  /** Everything this version can judge, and what it knows it cannot. */
  static Appraisers standard() {
    return new Appraisers(
        List.of(new SampleAppraiser(), UnsupportedAppraiser.TDX, UnsupportedAppraiser.NONE));
  }

  /**
   * The judge of one type.
   *
   * @param allowSample whether sample evidence is judged at all
   */
  Appraiser forType(String type, boolean allowSample) {
    if (type.equals(SampleEvidence.TYPE) && !allowSample) {
      return SAMPLE_NOT_ALLOWED;
    }
    for (Appraiser appraiser : known) {
      if (appraiser.evidenceType().equals(type)) {
        return appraiser;
      }
    }
    return new UnsupportedAppraiser(type, "a known type of evidence");
  }
}
