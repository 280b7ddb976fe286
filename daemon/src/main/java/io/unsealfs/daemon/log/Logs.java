package io.unsealfs.daemon.log;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.BiConsumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The one back end of all logging. Libraries log through {@link System.Logger} or
 * java.util.logging; both end here, in one handler whose destination changes once: when the daemon
 * leaves its terminal.
 */
public final class Logs {
  /** A logger whose level was set has to be held, or it is collected with its level. */
  private static final Logger ROOT = Logger.getLogger("");

  private static final Logger OWN = Logger.getLogger("io.unsealfs");

  private final LogFormat format;
  private final boolean debug;
  private volatile @Nullable String mount;

  private Logs(LogFormat format, boolean debug) {
    this.format = format;
    this.debug = debug;
  }

  /** Logs to standard error from now on; warnings and up from libraries, more of our own. */
  public static Logs toStandardError(LogFormat format, boolean debug, boolean quiet) {
    LogManager.getLogManager().reset();
    Logs logs = new Logs(format, debug);
    ROOT.setLevel(debug ? Level.INFO : Level.WARNING);
    OWN.setLevel(debug ? Level.FINE : quiet ? Level.WARNING : Level.INFO);
    logs.install(
        journalReads() ? LineFormatter.Prefix.PRIORITY : LineFormatter.Prefix.TIME,
        (priority, line) -> System.err.print(line));
    return logs;
  }

  private static boolean journalReads() {
    return JournalStream.isStandardError(
        System.getenv("JOURNAL_STREAM"), Path.of("/proc/self/fd/2"));
  }

  /**
   * What an error's line on standard error begins with: its priority for the journal, or nothing.
   */
  public static String errorMark() {
    return journalReads() ? LineFormatter.ERROR_MARK : "";
  }

  /** From now on all lines are about this mount. */
  public void about(Path mountPoint) {
    mount = mountPoint.toString();
  }

  /** The format in force. */
  public LogFormat format() {
    return format;
  }

  /** Whether stack traces are shown. */
  public boolean isDebug() {
    return debug;
  }

  /**
   * Appends to {@code file} from now on; it is created readable by its owner only.
   *
   * @throws IOException if it cannot be opened
   */
  public void toFile(Path file) throws IOException {
    if (Files.notExists(file)) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    OutputStream out =
        Files.newOutputStream(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    install(
        LineFormatter.Prefix.TIME,
        (priority, line) -> {
          try {
            out.write(line.getBytes(StandardCharsets.UTF_8));
          } catch (IOException e) {
            // a full disk must not stop the mount, and there is nowhere left to say so
          }
        });
  }

  /** Hands lines to {@code log} from now on: syslog priority 0 to 7, and the line. */
  public void toSystemLog(BiConsumer<Integer, String> log) {
    install(LineFormatter.Prefix.LEVEL, (priority, line) -> log.accept(priority, line.strip()));
  }

  private void install(LineFormatter.Prefix prefix, BiConsumer<Integer, String> sink) {
    LineFormatter formatter = new LineFormatter(format, prefix, debug, () -> mount);
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord event) {
            if (isLoggable(event)) {
              sink.accept(LineFormatter.priority(event.getLevel()), formatter.format(event));
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    handler.setLevel(Level.ALL);
    for (Handler old : ROOT.getHandlers()) {
      ROOT.removeHandler(old);
    }
    ROOT.addHandler(handler);
  }
}
