package io.unsealfs.daemon;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.unsealfs.daemon.log.ErrorText;
import io.unsealfs.daemon.log.LogFormat;
import io.unsealfs.daemon.log.Logs;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** The one line that a failed command leaves on standard error. */
final class FailureLine {
  private FailureLine() {}

  /** The line as standard error gets it: the journal takes its priority from how it begins. */
  static String onStandardError(LogFormat format, String command, ExitCode code, Throwable error) {
    return Logs.errorMark() + of(format, command, code, error);
  }

  static String of(LogFormat format, String command, ExitCode code, Throwable error) {
    String message = ErrorText.of(error).replace('\n', ' ');
    if (code == ExitCode.FAULT && !(error instanceof IOException)) {
      message =
          error.getClass().getSimpleName() + " in unsealfs itself, --debug shows where: " + message;
    }
    if (format == LogFormat.TEXT) {
      return "unsealfs: " + command + ": " + message;
    }
    StringWriter line = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(line)) {
      json.writeStartObject();
      json.writeStringField("level", "error");
      json.writeStringField("operation", command);
      json.writeStringField("error", error.getClass().getSimpleName());
      json.writeStringField("message", message);
      json.writeNumberField("exit", code.status());
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return line.toString();
  }
}
