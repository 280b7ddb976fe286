package io.unsealfs.daemon.log;

import java.lang.System.Logger.Level;
import java.util.OptionalInt;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A log event with more to it than a message: what {@code --log-format json} gives as fields of
 * their own.
 */
public final class Event {
  /**
   * What an event happened in.
   *
   * @param operation of the kernel, such as {@code read}
   * @param errno what it was answered, positive
   */
  record Fields(String operation, OptionalInt errno) {}

  private final Level level;
  private final String message;
  private @Nullable Throwable cause;
  private @Nullable Fields fields;

  private Event(Level level, String message) {
    this.level = level;
    this.message = message;
  }

  /** An event; {@code message} is taken as it is. */
  public static Event of(Level level, String message) {
    return new Event(level, message);
  }

  /** With its cause. */
  public Event because(Throwable why) {
    cause = why;
    return this;
  }

  /** With what it happened in, and the errno that was answered. */
  public Event during(String operation, int errno) {
    fields = new Fields(operation, OptionalInt.of(errno));
    return this;
  }

  /** Logs it. */
  public void log(String logger) {
    Logger target = Logger.getLogger(logger);
    java.util.logging.Level weight =
        switch (level) {
          case ERROR, OFF -> java.util.logging.Level.SEVERE;
          case WARNING -> java.util.logging.Level.WARNING;
          case INFO -> java.util.logging.Level.INFO;
          case DEBUG, TRACE, ALL -> java.util.logging.Level.FINE;
        };
    if (!target.isLoggable(weight)) {
      return;
    }
    LogRecord event = new Marked(weight, message, fields);
    event.setLoggerName(logger);
    event.setThrown(cause);
    target.log(event);
  }

  /** A record that carries the fields; its message is no pattern. */
  static final class Marked extends LogRecord {
    private static final long serialVersionUID = 1L;
    private final transient @Nullable Fields fields;

    Marked(java.util.logging.Level level, String message, @Nullable Fields fields) {
      super(level, message);
      this.fields = fields;
    }

    @Nullable Fields fields() {
      return fields;
    }
  }
}
