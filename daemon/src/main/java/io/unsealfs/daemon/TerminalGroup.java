package io.unsealfs.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether a terminal sends its signals to this process's group, and which signals are ignored. */
final class TerminalGroup {
  private static final int GROUP = 2;
  private static final int TERMINALS_GROUP = 5;

  private TerminalGroup() {}

  /** Whether Ctrl-C on the terminal reaches every process of this group. */
  static boolean isInFront() {
    try {
      String stat = Files.readString(Path.of("/proc/self/stat"));
      // the name, in parentheses, may hold anything
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return fields[GROUP].equals(fields[TERMINALS_GROUP]);
    } catch (IOException | IndexOutOfBoundsException e) {
      return false;
    }
  }

  /** Whether this process was started with a signal ignored, as by nohup. */
  static boolean ignores(int signal) {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("SigIgn:"))
          .map(line -> Long.parseUnsignedLong(line.substring("SigIgn:".length()).strip(), 16))
          .anyMatch(mask -> (mask >> (signal - 1) & 1) == 1);
    } catch (IOException | NumberFormatException e) {
      return false;
    }
  }
}
