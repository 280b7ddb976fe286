package io.unsealfs.attest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * Evidence read back from what {@code attest} printed: a bare quote, or the JSON form. Members that
 * are not known are ignored, as other programs write more of them.
 *
 * @param reportData what the JSON form says the quote covers
 */
public record EvidenceFile(Evidence evidence, Optional<ReportData> reportData) {
  /** Larger files are refused before they are read. */
  public static final int MAX_BYTES = 16 << 20;

  private static final int TEE_TYPE_AT = 4;
  private static final int SNP_REPORT_BYTES = 0x4A0;
  private static final int SNP_ALGORITHM_AT = 0x34;

  private static final JsonFactory FACTORY =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  /**
   * Reads a file's bytes.
   *
   * @throws AttestationException if it begins like JSON and is not evidence in that form
   */
  public static EvidenceFile read(byte[] bytes) throws AttestationException {
    int start = 0;
    while (start < bytes.length && bytes[start] <= ' ' && bytes[start] > 0) {
      start++;
    }
    if (start == bytes.length || bytes[start] != '{') {
      return new EvidenceFile(new Evidence(typeOf(bytes), bytes, new byte[0]), Optional.empty());
    }
    Map<String, String> members = new HashMap<>();
    try (JsonParser in = FACTORY.createParser(bytes)) {
      in.nextToken();
      while (in.nextToken() != JsonToken.END_OBJECT) {
        String name = in.currentName();
        if (in.nextToken() == JsonToken.VALUE_STRING) {
          members.put(name, in.getText());
        } else {
          in.skipChildren();
        }
      }
      if (in.nextToken() != null) {
        throw new AttestationException("evidence: something follows the JSON object");
      }
    } catch (AttestationException e) {
      throw e;
    } catch (IOException e) {
      throw new AttestationException("evidence: not a JSON object with a quote", e);
    }
    return of(members);
  }

  private static EvidenceFile of(Map<String, String> members) throws AttestationException {
    String quoteText = members.get("quote");
    if (quoteText == null) {
      throw new AttestationException("evidence: the JSON object has no quote");
    }
    try {
      byte[] quote = Base64.getDecoder().decode(quoteText);
      byte[] log = Base64.getDecoder().decode(members.getOrDefault("cc_eventlog", ""));
      String reportData = members.get("report_data");
      return new EvidenceFile(
          new Evidence(members.getOrDefault("type", typeOf(quote)), quote, log),
          reportData == null
              ? Optional.empty()
              : Optional.of(ReportData.of(HexFormat.of().parseHex(reportData))));
    } catch (IllegalArgumentException e) {
      throw new AttestationException(
          "evidence: quote and cc_eventlog must be Base64, report_data hexadecimal", e);
    }
  }

  /** What is neither is taken for TDX, whose own parser refuses it. */
  private static String typeOf(byte[] quote) {
    if (isSnpReport(quote)) {
      return "snp";
    }
    // an SGX quote has version 3
    return quote.length > TEE_TYPE_AT && quote[0] == 3 && quote[1] == 0 && quote[TEE_TYPE_AT] == 0
        ? "sgx"
        : "tdx";
  }

  /** Its version fills four bytes; in quotes the upper two say which key signed, never zero. */
  private static boolean isSnpReport(byte[] bytes) {
    return bytes.length >= SNP_REPORT_BYTES
        && bytes[0] >= 2
        && bytes[0] <= 5
        && bytes[1] == 0
        && bytes[2] == 0
        && bytes[3] == 0
        && bytes[SNP_ALGORITHM_AT] == 1;
  }
}
