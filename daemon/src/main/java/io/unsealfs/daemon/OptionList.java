package io.unsealfs.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.Stack;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * Turns the {@code -o a,b=c} lists of mount(8) into ordinary options while the command line is
 * parsed, so that there is one option model, whether the list stands on the command line or in an
 * argument file. Underscores become hyphens; words that mount(8) or its fstab generator mean for
 * themselves are dropped; {@code \,} stands for a comma.
 */
final class OptionList implements CommandLine.IParameterConsumer {
  /**
   * What every mount has anyway (read-only, no devices, no set-user-id, no access times), or what
   * others act on: mount(8), systemd, the boot.
   */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "ro",
          "nodev",
          "nosuid",
          "noatime",
          "nodiratime",
          "defaults",
          "dev",
          "suid",
          "exec",
          "atime",
          "diratime",
          "relatime",
          "norelatime",
          "strictatime",
          "nostrictatime",
          "lazytime",
          "nolazytime",
          "async",
          "sync",
          "dirsync",
          "silent",
          "loud",
          "auto",
          "noauto",
          "user",
          "users",
          "nouser",
          "owner",
          "group",
          "_netdev",
          "nofail",
          "comment");

  /** {@code -oLIST} as {@code -o LIST}: picocli takes what is attached for a cluster of letters. */
  static List<String> detached(List<String> arguments) {
    List<String> words = new ArrayList<>();
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (argument.equals("--")) {
        words.addAll(arguments.subList(i, arguments.size()));
        break;
      }
      if (argument.startsWith("-o") && argument.length() > 2) {
        words.add("-o");
        words.add(argument.substring(argument.startsWith("-o=") ? 3 : 2));
      } else {
        words.add(argument);
      }
    }
    return words;
  }

  @Override
  // picocli's interface has it
  @SuppressWarnings("JdkObsolete")
  public void consumeParameters(Stack<String> arguments, ArgSpec option, CommandSpec command) {
    if (arguments.isEmpty()) {
      throw new ParameterException(
          command.commandLine(),
          "-o needs a list of options, as in -o allow_other,key=file:/run/key");
    }
    List<String> options = options(arguments.pop(), command);
    for (String word : options.reversed()) {
      arguments.push(word);
    }
  }

  /** The words of {@code list} as options of {@code command}. */
  private static List<String> options(String list, CommandSpec command) {
    List<String> options = new ArrayList<>();
    for (String word : split(list)) {
      int equals = word.indexOf('=');
      String name = equals < 0 ? word : word.substring(0, equals);
      if (name.isEmpty() || WITHOUT_EFFECT.contains(name) || name.matches("[xX]-.*")) {
        continue;
      }
      if (name.equals("rw")) {
        throw new ParameterException(
            command.commandLine(), "-o rw: a mount is read-only; leave the word out or write ro");
      }
      String option = "--" + name.replace('_', '-');
      if (!isKnown(option, command)) {
        if (command.userObject() instanceof MountCommand mount && mount.sloppy) {
          continue;
        }
        throw new ParameterException(
            command.commandLine(), "-o " + name + ": there is no such mount option");
      }
      options.add(option + (equals < 0 ? "" : word.substring(equals)));
    }
    return options;
  }

  private static boolean isKnown(String option, CommandSpec command) {
    return command.optionsMap().containsKey(option)
        || command.negatedOptionsMap().containsKey(option);
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
