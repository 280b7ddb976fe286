package io.unsealfs.daemon.manual;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Completions for fish; those for bash are picocli's. */
final class FishCompletion {
  private final StringBuilder script = new StringBuilder();

  private FishCompletion() {}

  /** The script for this program. */
  static String of(CommandLine program) {
    FishCompletion completion = new FishCompletion();
    completion.script.append("# completions of unsealfs for fish\n");
    completion.add(program, List.of());
    return completion.script.toString();
  }

  private void add(CommandLine command, List<String> words) {
    List<String> below = List.copyOf(command.getSubcommands().keySet());
    String here = condition(words, below);
    command
        .getSubcommands()
        .forEach((name, sub) ->
            line(here, "-f -a " + name, text(CommandPages.description(sub.getCommandSpec()))));
    for (OptionSpec option : CommandPages.options(command.getCommandSpec())) {
      line(here, option(option), text(CommandPages.text(option)));
    }
    command
        .getSubcommands()
        .forEach((name, sub) -> {
          List<String> more = new ArrayList<>(words);
          more.add(name);
          add(sub, more);
        });
  }

  /** All words of the command were typed, and none of those below it. */
  private static String condition(List<String> words, List<String> below) {
    List<String> conditions = new ArrayList<>();
    words.forEach(word -> conditions.add("__fish_seen_subcommand_from " + word));
    if (!below.isEmpty()) {
      conditions.add("not __fish_seen_subcommand_from " + String.join(" ", below));
    }
    return conditions.isEmpty() ? "true" : String.join("; and ", conditions);
  }

  private static String option(OptionSpec option) {
    StringBuilder words = new StringBuilder();
    for (String name : option.names()) {
      words.append(name.startsWith("--") ? "-l " + name.substring(2) : "-s " + name.substring(1));
      words.append(' ');
    }
    if (option.arity().min() > 0) {
      String label = option.paramLabel();
      words.append("-r ");
      if (label.matches("[a-z0-9-]+(\\|[a-z0-9-]+)+")) {
        words.append("-f -a '").append(label.replace('|', ' ')).append("' ");
      }
    }
    return words.toString().strip();
  }

  private void line(String condition, String what, String text) {
    script
        .append("complete -c unsealfs -n '")
        .append(condition)
        .append("' ")
        .append(what)
        .append(" -d '")
        .append(text)
        .append("'\n");
  }

  /** The first sentence, in single quotes. */
  private static String text(String description) {
    return description
        .split("(?<=[.;]) ", 2)[0]
        .replaceAll("[.;]$", "")
        .replace("\\", "\\\\")
        .replace("'", "\\'");
  }
}
