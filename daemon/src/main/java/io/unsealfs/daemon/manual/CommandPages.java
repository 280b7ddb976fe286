package io.unsealfs.daemon.manual;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** One page of section 1 for the program and for each of its commands. */
final class CommandPages {
  private static final Map<String, String> EXIT_CODES = exitCodes();

  private final String date;
  private final String version;

  CommandPages(String date, String version) {
    this.date = date;
    this.version = version;
  }

  /** Page by file name, for this command and all below it. */
  Map<String, String> of(CommandLine command) {
    Map<String, String> pages = new LinkedHashMap<>();
    add(command, pages);
    return pages;
  }

  private void add(CommandLine command, Map<String, String> pages) {
    pages.put(pageName(command.getCommandSpec()) + ".1", page(command));
    command.getSubcommands().values().forEach(below -> add(below, pages));
  }

  /** {@code unsealfs-key-fetch}. */
  private static String pageName(CommandSpec command) {
    return command.qualifiedName("-");
  }

  private String page(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    Troff page = new Troff(pageName(spec), 1, date, version);
    page.name(pageName(spec), firstSentence(description(spec)));
    page.section("SYNOPSIS").paragraph(synopsis(spec));
    page.section("DESCRIPTION").paragraph(description(spec));
    if (!spec.positionalParameters().isEmpty()) {
      page.section("ARGUMENTS");
      spec.positionalParameters().forEach(argument -> page.item(term(argument), text(argument)));
    }
    page.section("OPTIONS");
    options(spec).forEach(option -> page.item(term(option), text(option)));
    if (!command.getSubcommands().isEmpty()) {
      page.section("COMMANDS");
      command
          .getSubcommands()
          .forEach((name, below) ->
              page.item(
                  Troff.bold(pageName(below.getCommandSpec())) + "(1)",
                  firstSentence(description(below.getCommandSpec()))));
    }
    page.section("ENVIRONMENT")
        .paragraph(
            "Every long option has its default in a variable: UNSEALFS_ and its name in capital"
                + " letters with underscores.");
    page.section("EXIT STATUS");
    EXIT_CODES.forEach((code, meaning) -> page.item(Troff.bold(code), meaning));
    page.section("SEE ALSO").paragraph(seeAlso(command));
    return page.toString();
  }

  private static String seeAlso(CommandLine command) {
    List<String> pages = new ArrayList<>();
    CommandLine parent = command.getParent();
    if (parent != null) {
      pages.add(pageName(parent.getCommandSpec()) + "(1)");
    }
    pages.addAll(List.of("unsealfs.conf(5)", "unsealfs-policy(5)", "mount.unsealfs(8)"));
    return String.join(", ", pages);
  }

  private static String synopsis(CommandSpec spec) {
    StringBuilder line = new StringBuilder(spec.qualifiedName(" ")).append(" [OPTION...]");
    for (PositionalParamSpec argument : spec.positionalParameters()) {
      String label = argument.paramLabel();
      line.append(' ').append(argument.arity().min() > 0 ? label : "[" + label + "]");
    }
    if (!spec.subcommands().isEmpty()) {
      line.append(" COMMAND");
    }
    return line.toString();
  }

  static String description(CommandSpec spec) {
    return String.join(" ", spec.usageMessage().description());
  }

  private static String firstSentence(String text) {
    String first = text.split("(?<=[.;]) ", 2)[0];
    return first.replaceAll("[.;]$", "");
  }

  /** What is shown of a command's options, in the order of their names. */
  static List<OptionSpec> options(CommandSpec spec) {
    return spec.options().stream()
        .filter(option -> !option.hidden())
        .sorted((a, b) -> a.longestName().compareTo(b.longestName()))
        .toList();
  }

  private static String term(PositionalParamSpec argument) {
    return Troff.italic(argument.paramLabel());
  }

  private static String term(OptionSpec option) {
    List<String> names = new ArrayList<>();
    for (String name : option.names()) {
      names.add(Troff.bold(name));
    }
    if (option.negatable()) {
      names.add(Troff.bold("--no-" + option.longestName().substring(2)));
    }
    String label = option.paramLabel();
    String value =
        option.arity().max() == 0
            ? ""
            : option.arity().min() == 0
                ? "[=" + Troff.italic(label) + "]"
                : " " + Troff.italic(label);
    return String.join(", ", names) + value;
  }

  /** The description with its default filled in. */
  static String text(ArgSpec argument) {
    String fallback = argument.defaultValue() == null ? "none" : argument.defaultValue();
    return String.join(" ", argument.description()).replace("${DEFAULT-VALUE}", fallback);
  }

  private static Map<String, String> exitCodes() {
    Map<String, String> codes = new LinkedHashMap<>();
    codes.put("0", "done");
    codes.put("1", "unexpected fault of unsealfs; --debug shows the stack");
    codes.put("2", "usage");
    codes.put("20", "no TEE here, or the quote failed");
    codes.put("21", "the key service refused, or took back the key of a running mount");
    codes.put("22", "the key service could not be reached; trying again can help");
    codes.put("23", "source missing, or format unknown, unsupported or malformed");
    codes.put("24", "the key does not open this volume");
    codes.put("25", "FUSE refused the mount");
    codes.put("26", "damage found");
    codes.put("27", "the volume does not match its pin");
    codes.put("28", "storage failed; trying again can help");
    return codes;
  }
}
