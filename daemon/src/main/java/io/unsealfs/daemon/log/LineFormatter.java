package io.unsealfs.daemon.log;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.temporal.ChronoUnit;
import java.util.function.Supplier;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.jspecify.annotations.Nullable;

/**
 * One line per event, whatever the message holds: control characters are escaped, so that a name or
 * a peer cannot forge a line. Stack traces only in debug mode.
 */
final class LineFormatter extends Formatter {
  /** Begins a line of the priority of errors. */
  static final String ERROR_MARK = "<3>";

  private static final JsonFactory JSON = new JsonFactory();

  /** Where the lines go decides what they begin with. */
  enum Prefix {
    /** Time and level. */
    TIME,
    /** Kernel style priority, for a service manager that keeps the time itself. */
    PRIORITY,
    /** Level only: the receiver keeps time and priority. */
    LEVEL
  }

  private final LogFormat format;
  private final Prefix prefix;
  private final boolean stackTraces;
  private final Supplier<@Nullable String> mountPoint;

  /**
   * Formats events.
   *
   * @param mountPoint what all of them are about, null if there is none
   */
  LineFormatter(
      LogFormat format, Prefix prefix, boolean stackTraces, Supplier<@Nullable String> mountPoint) {
    this.mountPoint = mountPoint;
    this.format = format;
    this.prefix = prefix;
    this.stackTraces = stackTraces;
  }

  @Override
  public String format(LogRecord event) {
    String logger = shortName(event.getLoggerName());
    String message = message(event);
    String line =
        format == LogFormat.JSON
            ? (prefix == Prefix.PRIORITY ? priorityMark(event) : "") + json(event, logger, message)
            : text(event, logger, message);
    return line + "\n";
  }

  private String message(LogRecord event) {
    String message = formatMessage(event);
    Throwable cause = event.getThrown();
    if (cause != null) {
      message = message + ": " + ErrorText.of(cause);
    }
    return escape(message);
  }

  private String text(LogRecord event, String logger, String message) {
    String level = levelName(event.getLevel());
    String start =
        switch (prefix) {
          case TIME -> event.getInstant().truncatedTo(ChronoUnit.MILLIS) + " " + level + " ";
          case PRIORITY -> priorityMark(event);
          case LEVEL -> level + " ";
        };
    String line = start + logger + ": " + message;
    Throwable cause = event.getThrown();
    if (stackTraces && cause != null) {
      StringWriter trace = new StringWriter();
      cause.printStackTrace(new PrintWriter(trace));
      line = line + "\n" + trace.toString().stripTrailing();
    }
    return line;
  }

  /** What the journal takes the priority of a line from, and cuts off. */
  private static String priorityMark(LogRecord event) {
    return "<" + priority(event.getLevel()) + ">";
  }

  private String json(LogRecord event, String logger, String message) {
    StringWriter line = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(line)) {
      json.writeStartObject();
      json.writeStringField("time", event.getInstant().truncatedTo(ChronoUnit.MILLIS).toString());
      json.writeStringField("level", levelName(event.getLevel()));
      json.writeStringField("logger", logger);
      json.writeStringField("message", message);
      String about = mountPoint.get();
      if (about != null) {
        json.writeStringField("mount", about);
      }
      Event.Fields fields = event instanceof Event.Marked marked ? marked.fields() : null;
      if (fields != null) {
        json.writeStringField("operation", fields.operation());
        if (fields.errno().isPresent()) {
          json.writeNumberField("errno", fields.errno().getAsInt());
        }
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return line.toString();
  }

  static String levelName(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return "error";
    }
    if (level.intValue() >= Level.WARNING.intValue()) {
      return "warning";
    }
    return level.intValue() >= Level.INFO.intValue() ? "info" : "debug";
  }

  /** Priority of syslog(3) for a level. */
  static int priority(Level level) {
    return switch (levelName(level)) {
      case "error" -> 3;
      case "warning" -> 4;
      case "info" -> 6;
      default -> 7;
    };
  }

  private static String shortName(String name) {
    return name.startsWith("io.unsealfs.") ? name.substring(name.lastIndexOf('.') + 1) : name;
  }

  private static String escape(String message) {
    StringBuilder line = new StringBuilder(message.length());
    for (int i = 0; i < message.length(); i++) {
      char c = message.charAt(i);
      if (c == '\t' || !Character.isISOControl(c)) {
        line.append(c);
      } else {
        line.append(String.format("\\x%02x", (int) c));
      }
    }
    return line.toString();
  }
}
