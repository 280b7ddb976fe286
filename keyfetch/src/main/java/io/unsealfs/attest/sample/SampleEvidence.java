package io.unsealfs.attest.sample;

import io.unsealfs.attest.ReportData;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The document that stands in for a quote where there is no TEE. Anyone can write one: it proves
 * nothing, and exists so that everything around a quote can be tried out.
 */
public final class SampleEvidence {
  /** The evidence type. */
  public static final String TYPE = "sample";

  private static final String HEAD = "unsealfs sample evidence v1, proves nothing\nreport_data ";
  private static final int HEX_DIGITS = 2 * ReportData.SIZE;
  private static final int LENGTH = HEAD.length() + HEX_DIGITS + 1;

  private SampleEvidence() {}

  /** The document over {@code reportData}. */
  public static byte[] document(ReportData reportData) {
    String text = HEAD + HexFormat.of().formatHex(reportData.toBytes()) + "\n";
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** What a document says it covers; empty if it is not such a document. */
  public static Optional<ReportData> parse(byte[] document) {
    if (document.length != LENGTH) {
      return Optional.empty();
    }
    String hex = new String(document, HEAD.length(), HEX_DIGITS, StandardCharsets.ISO_8859_1);
    if (!hex.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
      return Optional.empty();
    }
    ReportData reportData = ReportData.of(HexFormat.of().parseHex(hex));
    return Arrays.equals(document(reportData), document)
        ? Optional.of(reportData)
        : Optional.empty();
  }
}
