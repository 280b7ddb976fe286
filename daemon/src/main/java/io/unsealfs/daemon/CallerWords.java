package io.unsealfs.daemon;

import io.unsealfs.os.ProcessStrings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Arguments and environment of this process as the bytes they came in, for a program that is to get
 * the same.
 */
final class CallerWords {
  /** What the launcher took away for the JVM's sake stands under its name with this before it. */
  private static final String TAKEN = "UNSEALFS_CALLER_ENV_";

  private static final List<String> OURS = List.of("UNSEALFS_STATUS_FD=", "UNSEALFS_CALLER_FDS=");

  private CallerWords() {}

  /** The last {@code count} words of the command line. */
  static List<byte[]> last(int count) throws IOException {
    List<byte[]> words = ProcessStrings.commandLine();
    if (words.size() < count) {
      throw new IOException("/proc/self/cmdline does not hold the whole command line");
    }
    return List.copyOf(words.subList(words.size() - count, words.size()));
  }

  /** The environment as it was before the launcher prepared it. */
  static List<byte[]> environment() throws IOException {
    return restored(ProcessStrings.environment());
  }

  static List<byte[]> restored(List<byte[]> environment) {
    List<byte[]> restored = new ArrayList<>();
    List<String> taken = new ArrayList<>();
    for (byte[] entry : environment) {
      String text = new String(entry, StandardCharsets.ISO_8859_1);
      if (text.startsWith(TAKEN) && text.indexOf('=') > TAKEN.length()) {
        String name = text.substring(TAKEN.length(), text.indexOf('=') + 1);
        taken.add(name);
        // an empty one was not set
        if (text.length() > TAKEN.length() + name.length()) {
          restored.add(text.substring(TAKEN.length()).getBytes(StandardCharsets.ISO_8859_1));
        }
      }
    }
    for (byte[] entry : environment) {
      String text = new String(entry, StandardCharsets.ISO_8859_1);
      if (!text.startsWith(TAKEN)
          && OURS.stream().noneMatch(text::startsWith)
          && taken.stream().noneMatch(text::startsWith)) {
        restored.add(entry);
      }
    }
    return restored;
  }
}
