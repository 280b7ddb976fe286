package io.unsealfs.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Turns the {@code -o a,b=c} lists of mount(8) into ordinary options before the command line is
 * parsed, so that there is one option model. Underscores become hyphens; words that mount(8) or its
 * fstab generator mean for themselves are dropped; {@code \,} stands for a comma.
 */
final class OptionList {
  private static final Set<String> NOT_OURS =
      Set.of(
          "auto",
          "noauto",
          "user",
          "users",
          "nouser",
          "owner",
          "group",
          "_netdev",
          "nofail",
          "defaults",
          "dev",
          "nodev",
          "suid",
          "nosuid",
          "exec",
          "relatime",
          "norelatime",
          "noatime",
          "ro");

  private OptionList() {}

  /** The arguments with every option list of a {@code mount} command replaced. */
  static List<String> expand(List<String> arguments) throws UsageException {
    if (!arguments.contains("mount")) {
      return arguments;
    }
    List<String> expanded = new ArrayList<>();
    int afterCommand = arguments.indexOf("mount") + 1;
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (i >= afterCommand && argument.equals("--")) {
        expanded.addAll(arguments.subList(i, arguments.size()));
        break;
      }
      if (i < afterCommand || !argument.startsWith("-o")) {
        expanded.add(argument);
      } else if (argument.length() > 2) {
        translate(argument.substring(2), expanded);
      } else if (i + 1 < arguments.size()) {
        translate(arguments.get(++i), expanded);
      } else {
        throw new UsageException(
            "-o needs a list of options, as in -o allow_other,key=file:/run/key");
      }
    }
    return expanded;
  }

  private static void translate(String list, List<String> expanded) throws UsageException {
    for (String word : split(list)) {
      int equals = word.indexOf('=');
      String name = equals < 0 ? word : word.substring(0, equals);
      if (name.isEmpty()
          || NOT_OURS.contains(name)
          || name.startsWith("x-")
          || name.equals("comment")) {
        continue;
      }
      if (name.equals("rw")) {
        throw new UsageException("-o rw: a mount is read-only; leave the word out or write ro");
      }
      expanded.add("--" + name.replace('_', '-') + (equals < 0 ? "" : word.substring(equals)));
    }
  }

  private static List<String> split(String list) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < list.length(); i++) {
      char c = list.charAt(i);
      if (c == '\\' && i + 1 < list.length() && list.charAt(i + 1) == ',') {
        word.append(',');
        i++;
      } else if (c == ',') {
        words.add(word.toString());
        word.setLength(0);
      } else {
        word.append(c);
      }
    }
    words.add(word.toString());
    return words;
  }
}
