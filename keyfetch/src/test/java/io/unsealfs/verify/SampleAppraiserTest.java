package io.unsealfs.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.attest.sample.SampleEvidence;
import org.junit.jupiter.api.Test;

class SampleAppraiserTest {
  private static final ReportData BOUND = ReportData.of(new byte[] {1, 2, 3});
  private static final byte[] NO_LOG = {};
  private final Appraiser appraiser = new SampleAppraiser();

  @Test
  void theRightDocumentIsAccepted() {
    Evidence evidence = new Evidence("sample", SampleEvidence.document(BOUND), NO_LOG);
    assertTrue(appraiser.appraise(evidence, BOUND).accepted());
  }

  @Test
  void everyFlippedBitIsRefused() {
    byte[] document = SampleEvidence.document(BOUND);
    for (int bit = 0; bit < 8 * document.length; bit++) {
      byte[] changed = document.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      assertFalse(
          appraiser.appraise(new Evidence("sample", changed, NO_LOG), BOUND).accepted(),
          "bit " + bit);
    }
  }

  @Test
  void aForeignBindingIsNamedWithBothValues() {
    Evidence evidence =
        new Evidence("sample", SampleEvidence.document(ReportData.of(new byte[64])), NO_LOG);
    FailedCheck failure = appraiser.appraise(evidence, BOUND).failures().get(0);
    assertEquals(FailedCheck.Kind.BINDING, failure.kind());
    assertEquals("report_data", failure.name());
    assertTrue(failure.expected().startsWith("010203"));
    assertEquals("00".repeat(64), failure.actual());
  }

  @Test
  void evidenceOfAnotherTypeIsNeverAccepted() {
    for (Appraiser judge :
        new Appraiser[] {appraiser, UnsupportedAppraiser.TDX, UnsupportedAppraiser.NONE}) {
      Appraisal appraisal =
          judge.appraise(new Evidence("tdx", SampleEvidence.document(BOUND), NO_LOG), BOUND);
      assertFalse(appraisal.accepted());
      assertEquals(FailedCheck.Kind.UNSUPPORTED, appraisal.failures().get(0).kind());
    }
  }
}
