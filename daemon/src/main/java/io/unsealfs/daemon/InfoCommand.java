package io.unsealfs.daemon;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.unsealfs.volume.VolumeInfo;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code unsealfs info}. */
@Command(name = "info", description = "Shows what can be known of a volume without its key.")
final class InfoCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Mixin GivenSource source = new GivenSource();

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  InfoCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    VolumeInfo info = new VolumeOpening(wiring, source, new KeyOptions()).info();
    if (json) {
      System.out.println(json(info));
    } else {
      System.out.println("format: " + info.format());
      info.properties().forEach((name, value) -> System.out.println(name + ": " + text(value)));
    }
    return ExitCode.DONE.status();
  }

  private static String text(Object value) {
    return value instanceof List<?> list
        ? list.stream().map(String::valueOf).collect(Collectors.joining(" "))
        : String.valueOf(value);
  }

  private static String json(VolumeInfo info) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = new JsonFactory().createGenerator(text)) {
      out.writeStartObject();
      out.writeStringField("format", info.format());
      for (Map.Entry<String, Object> property : info.properties().entrySet()) {
        out.writeFieldName(property.getKey());
        write(out, property.getValue());
      }
      out.writeEndObject();
    }
    return text.toString();
  }

  private static void write(JsonGenerator out, Object value) throws IOException {
    switch (value) {
      case List<?> list -> {
        out.writeStartArray();
        for (Object element : list) {
          out.writeString(String.valueOf(element));
        }
        out.writeEndArray();
      }
      case Boolean flag -> out.writeBoolean(flag);
      case Integer number -> out.writeNumber(number);
      case Long number -> out.writeNumber(number);
      default -> out.writeString(String.valueOf(value));
    }
  }
}
