package io.unsealfs.daemon;

import java.util.List;
import java.util.Set;

/** The command that was typed, known before picocli has read the annotations of all of them. */
final class CommandWord {
  /** Options of the program itself that take their value as the next word. */
  private static final Set<String> WITH_VALUE = Set.of("--log-format");

  private CommandWord() {}

  /** The first word that is no option, or nothing where a file of arguments comes before it. */
  static String of(List<String> arguments) {
    boolean value = false;
    for (String word : arguments) {
      if (value) {
        value = false;
      } else if (word.startsWith("@")) {
        return "";
      } else if (WITH_VALUE.contains(word)) {
        value = true;
      } else if (!word.startsWith("-")) {
        return word;
      }
    }
    return "";
  }
}
