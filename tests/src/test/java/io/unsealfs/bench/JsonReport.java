package io.unsealfs.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;

/** The figures of every round as one JSON object. */
final class JsonReport {
  private JsonReport() {}

  static String of(Run run) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = new JsonFactory().createGenerator(text)) {
      out.useDefaultPrettyPrinter();
      out.writeStartObject();
      strings(out, "machine", run.machine());
      BenchOptions options = run.options();
      out.writeObjectFieldStart("options");
      out.writeNumberField("rounds", options.rounds());
      out.writeNumberField("size_mib", options.sizeMebibytes());
      out.writeNumberField("small_files", options.smallFiles());
      out.writeNumberField("many_files", options.manyFiles());
      out.writeNumberField("random_ms", options.randomMillis());
      out.writeNumberField("memory_mib", (long) options.memoryPasses() * options.sizeMebibytes());
      out.writeEndObject();
      out.writeArrayFieldStart("workloads");
      for (Workload workload : options.workloads()) {
        out.writeString(workload.id());
      }
      out.writeEndArray();
      strings(out, "left_out", run.leftOut());
      strings(out, "read_ahead_kb", run.readAhead());
      out.writeObjectFieldStart("figures");
      for (Figure figure : Figure.values()) {
        if (run.results().has(figure)) {
          figure(out, run.results(), figure);
        }
      }
      out.writeEndObject();
      reach(out, run);
      out.writeEndObject();
    }
    return text + "\n";
  }

  private static void strings(JsonGenerator out, String name, Map<String, String> values)
      throws IOException {
    out.writeObjectFieldStart(name);
    for (Map.Entry<String, String> entry : values.entrySet()) {
      out.writeStringField(entry.getKey(), entry.getValue());
    }
    out.writeEndObject();
  }

  private static void figure(JsonGenerator out, Results results, Figure figure) throws IOException {
    out.writeObjectFieldStart(figure.id());
    out.writeStringField("title", figure.title());
    out.writeStringField("unit", figure.unit());
    out.writeBooleanField("more_is_better", figure.moreIsBetter());
    out.writeObjectFieldStart("subjects");
    for (Subject subject : Subject.ALL) {
      List<Double> values = results.values(figure, subject.id());
      if (values.isEmpty()) {
        continue;
      }
      out.writeObjectFieldStart(subject.id());
      out.writeNumberField("median", results.median(figure, subject.id()).orElseThrow());
      out.writeNumberField("least", results.least(figure, subject.id()));
      out.writeNumberField("most", results.most(figure, subject.id()));
      out.writeFieldName("rounds");
      out.writeArray(values.stream().mapToDouble(Double::doubleValue).toArray(), 0, values.size());
      out.writeEndObject();
    }
    out.writeEndObject();
    out.writeEndObject();
  }

  private static void reach(JsonGenerator out, Run run) throws IOException {
    out.writeStringField("ours", run.ours());
    out.writeArrayFieldStart("reach");
    for (Reach row : run.reach()) {
      out.writeStartObject();
      out.writeStringField("title", row.title());
      out.writeStringField("unit", row.unit());
      if (row.measured().isPresent()) {
        out.writeNumberField("measured", row.measured().getAsDouble());
      } else {
        out.writeNullField("measured");
      }
      out.writeNumberField("must", row.must());
      out.writeNumberField("aim", row.aim());
      out.writeStringField("verdict", row.verdict());
      out.writeEndObject();
    }
    out.writeEndArray();
  }
}
