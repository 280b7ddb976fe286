package io.unsealfs.attest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HexFormat;

/**
 * Evidence as {@code attest --json} prints it: {@code type}, {@code report_data} in hex, {@code
 * quote} and {@code cc_eventlog} in padded Base64, the latter null where there is no log.
 */
public final class EvidenceJson {
  private EvidenceJson() {}

  /**
   * Writes one object and a newline; does not close {@code out}.
   *
   * @throws IOException if {@code out} fails
   */
  public static void write(Evidence evidence, ReportData reportData, OutputStream out)
      throws IOException {
    try (JsonGenerator json =
        new JsonFactory()
            .createGenerator(out)
            .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
            .useDefaultPrettyPrinter()) {
      json.writeStartObject();
      json.writeStringField("type", evidence.type());
      json.writeStringField("report_data", HexFormat.of().formatHex(reportData.toBytes()));
      json.writeBinaryField("quote", evidence.quote());
      if (evidence.eventLog().length == 0) {
        json.writeNullField("cc_eventlog");
      } else {
        json.writeBinaryField("cc_eventlog", evidence.eventLog());
      }
      json.writeEndObject();
      json.writeRaw('\n');
    }
  }
}
