package io.unsealfs.attest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.attest.sample.SampleAttester;
import io.unsealfs.attest.sample.SampleEvidence;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EvidenceTest {
  private static final ReportData DATA = ReportData.of(new byte[] {1, 2, (byte) 0xab});

  @Test
  void reportDataIsPaddedAndBounded() {
    assertEquals(64, DATA.toBytes().length);
    assertThrows(IllegalArgumentException.class, () -> ReportData.of(new byte[65]));
  }

  @Test
  void aSampleDocumentCoversItsReportData() {
    Evidence evidence = new SampleAttester().collect(DATA);
    assertEquals("sample", evidence.type());
    assertArrayEquals(
        DATA.toBytes(), SampleEvidence.parse(evidence.quote()).orElseThrow().toBytes());
  }

  @Test
  void anyChangedByteOfASampleDocumentIsMalformedOrCoversSomethingElse() {
    byte[] document = SampleEvidence.document(DATA);
    for (int i = 0; i < document.length; i++) {
      document[i] ^= 1;
      Optional<ReportData> parsed = SampleEvidence.parse(document);
      assertTrue(
          parsed.isEmpty() || !Arrays.equals(parsed.get().toBytes(), DATA.toBytes()), "byte " + i);
      document[i] ^= 1;
    }
    assertTrue(SampleEvidence.parse(Arrays.copyOf(document, document.length - 1)).isEmpty());
    assertTrue(SampleEvidence.parse(Arrays.copyOf(document, document.length + 1)).isEmpty());
    assertTrue(SampleEvidence.parse(new byte[0]).isEmpty());
  }

  @Test
  void noneClaimsNothing() {
    Evidence evidence = new NoneAttester().collect(DATA);
    assertEquals("none", evidence.type());
    assertEquals(0, evidence.quote().length);
    assertEquals(0, evidence.eventLog().length);
  }

  @Test
  void jsonHoldsEvidenceInStandardBase64() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    EvidenceJson.write(
        new Evidence("tdx", new byte[] {(byte) 0xfb, (byte) 0xff}, new byte[] {1}), DATA, out);
    EvidenceJson.write(new Evidence("none", new byte[0], new byte[0]), DATA, out);
    String data = "0102ab" + "00".repeat(61);
    assertEquals(
        """
        {
          "type" : "tdx",
          "report_data" : "%s",
          "quote" : "+/8=",
          "cc_eventlog" : "AQ=="
        }
        {
          "type" : "none",
          "report_data" : "%s",
          "quote" : "",
          "cc_eventlog" : null
        }
        """
            .formatted(data, data),
        out.toString(UTF_8));
  }
}
