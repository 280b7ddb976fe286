package io.unsealfs.daemon.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.daemon.log.LineFormatter.Prefix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One event, one line, in every form, whatever it says. */
class LineFormatterTest {
  @TempDir Path directory;

  private static String line(LogFormat format, Prefix prefix, LogRecord event) {
    event.setLoggerName("io.unsealfs.mount");
    return new LineFormatter(format, prefix, false, () -> "/models").format(event);
  }

  @Test
  void theJournalGetsPrioritiesAndNoTime() {
    Map<Level, String> marks =
        Map.of(Level.SEVERE, "<3>", Level.WARNING, "<4>", Level.INFO, "<6>", Level.FINE, "<7>");
    marks.forEach((level, mark) -> {
      assertEquals(
          mark + "mount: said\n",
          line(LogFormat.TEXT, Prefix.PRIORITY, new LogRecord(level, "said")));
      assertTrue(
          line(LogFormat.JSON, Prefix.PRIORITY, new LogRecord(level, "said"))
              .startsWith(mark + "{\"time\":"));
    });
  }

  @Test
  void anEventIsOneLineWhateverIsInIt() {
    for (LogFormat format : LogFormat.values()) {
      for (Prefix prefix : Prefix.values()) {
        LogRecord event = new LogRecord(Level.WARNING, "a\nb\r\u001b[31m\u0085{0}");
        event.setThrown(new IOException("c\nd"));
        String line = line(format, prefix, event);
        assertEquals(line.length() - 1, line.indexOf('\n'), line);
        assertTrue(line.chars().noneMatch(c -> c != '\n' && Character.isISOControl(c)), line);
        assertTrue(line.contains("x0ab"), line);
      }
    }
  }

  @Test
  void jsonHasFieldsForWhatAProgramLooksFor() {
    LogRecord event =
        new Event.Marked(
            Level.SEVERE, "read x{0}: damaged", new Event.Fields("read", OptionalInt.of(5)));
    String line = line(LogFormat.JSON, Prefix.TIME, event);
    assertTrue(
        line.matches(
            "\\{\"time\":\"[^\"]+\",\"level\":\"error\",\"logger\":\"mount\","
                + "\"message\":\"read x\\{0}: damaged\",\"mount\":\"/models\","
                + "\"operation\":\"read\",\"errno\":5}\n"),
        line);
  }

  @Test
  void standardErrorIsTheJournalsOnlyIfItIsThatStream() throws IOException {
    Path file = Files.writeString(directory.resolve("stderr"), "");
    Map<String, Object> own = Files.readAttributes(file, "unix:dev,ino");
    String stream = own.get("dev") + ":" + own.get("ino");
    assertTrue(JournalStream.isStandardError(stream, file));
    Path link = Files.createSymbolicLink(directory.resolve("fd"), file);
    assertTrue(JournalStream.isStandardError(stream, link));
    for (String other : new String[] {"1:" + own.get("ino"), stream + "0", "", "nonsense", "1"}) {
      assertEquals(false, JournalStream.isStandardError(other, file), other);
    }
    assertEquals(false, JournalStream.isStandardError(null, file));
    assertEquals(false, JournalStream.isStandardError(stream, directory.resolve("gone")));
  }
}
