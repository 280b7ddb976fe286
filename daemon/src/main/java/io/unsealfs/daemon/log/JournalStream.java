package io.unsealfs.daemon.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Whether the journal reads what is written to standard error; systemd.exec(5). */
final class JournalStream {
  private JournalStream() {}

  /**
   * Whether {@code descriptor} is the stream that the variable names. The variable alone says
   * nothing: children inherit it, also those whose standard error goes to a file or a terminal.
   *
   * @param variable {@code $JOURNAL_STREAM}: device and inode, such as {@code 8:4711}
   * @param descriptor path that leads to the open file
   */
  static boolean isStandardError(@Nullable String variable, Path descriptor) {
    if (variable == null || !variable.matches("[0-9]{1,20}:[0-9]{1,20}")) {
      return false;
    }
    try {
      Map<String, Object> own = Files.readAttributes(descriptor, "unix:dev,ino");
      return variable.equals(own.get("dev") + ":" + own.get("ino"));
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }
}
