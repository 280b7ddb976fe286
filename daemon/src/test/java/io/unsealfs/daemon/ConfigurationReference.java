package io.unsealfs.daemon;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Writes docs/configuration.md from the option model that parses the command line. */
final class ConfigurationReference {
  private static final Pattern DEFAULT = Pattern.compile(" ?\\(default: (.+)\\)([.;]?)$");

  private static final String START =
      """
      # Configuration reference

      Every option of every command, made from the option model that parses them; a test compares. What the
      mount options do to a mount: [operations](operations.md). The key server's own file: [keyserver](keyserver.md).

      An option is written `--read-ahead 1M` on the command line, `read_ahead=1M` in an `-o` list (`mount` only),
      `UNSEALFS_READ_AHEAD=1M` in the environment, and either form in a file that is named as `@FILE`. The command line beats
      the environment. A switch takes no value on the command line and `true` in the environment; `--[no-]name` can be
      switched off as `--no-name`.

      | value | is written as |
      |---|---|
      | SIZE | bytes, or with K, M, G or T for the powers of 1024: `268435456`, `256M`, `1G` |
      | DURATION | a whole number with s, m, h or d: `90s`, `10m`, `2h` |
      | SECONDS, MILLIS, DAYS, N | a whole number |
      | GLOB | `*` within a name, `**` across directories; without a slash it is for the name in any directory |
      | sha256:HEX | 64 hexadecimal digits in lower case |
      | ADDR:PORT, HOST:PORT | an IPv6 address stands in brackets |
      | KEY | a [reference](key-release.md) such as `file:PATH`, never the secret itself |
      """;

  private ConfigurationReference() {}

  /** The whole page. */
  static String page() {
    CommandLine root =
        Main.commandLine(
            new RootCommand(),
            new Wiring(CallerChannel.fromEnvironment(Map.of())),
            List.of("help"));
    StringBuilder page = new StringBuilder(START);
    page.append("\n## All commands\n\n");
    options(page, root.getCommandSpec(), List.of());
    command(page, root, "", root.getCommandSpec().options());
    return page.toString();
  }

  private static void command(
      StringBuilder page, CommandLine parent, String words, List<OptionSpec> inherited) {
    parent.getSubcommands().values().stream()
        .sorted(Comparator.comparing(CommandLine::getCommandName))
        .forEach(one -> {
          String name = (words + " " + one.getCommandName()).strip();
          CommandSpec spec = one.getCommandSpec();
          if (!name.equals("help")) {
            page.append("\n## unsealfs ").append(name).append("\n\n");
            page.append(text(String.join(" ", spec.usageMessage().description()))).append("\n\n");
            options(page, spec, inherited);
            command(page, one, name, inherited);
          }
        });
  }

  private static void options(StringBuilder page, CommandSpec spec, List<OptionSpec> inherited) {
    List<String> known = inherited.stream().map(OptionSpec::longestName).toList();
    List<String> rows = new ArrayList<>();
    for (PositionalParamSpec argument : spec.positionalParameters()) {
      rows.add(
          row("`" + argument.paramLabel() + "`", "", String.join(" ", argument.description())));
    }
    spec.options().stream()
        .filter(option -> !option.hidden() && !known.contains(option.longestName()))
        .sorted(Comparator.comparing(OptionSpec::longestName))
        .map(ConfigurationReference::row)
        .forEach(rows::add);
    if (rows.isEmpty()) {
      page.append("No options of its own.\n");
      return;
    }
    page.append("| option | default | meaning |\n|---|---|---|\n");
    rows.forEach(row -> page.append(row).append('\n'));
  }

  private static String row(OptionSpec option) {
    String name = option.longestName();
    if (option.negatable()) {
      name = "--[no-]" + name.substring(2);
    }
    String value =
        option.arity().max() == 0
            ? ""
            : option.arity().min() == 0
                ? "[=" + option.paramLabel() + "]"
                : " " + option.paramLabel();
    String others =
        List.of(option.names()).stream()
            .filter(other -> !other.equals(option.longestName()))
            .map(other -> ", `" + other + "`")
            .reduce("", String::concat);
    String meaning = String.join(" ", option.description());
    String usual = usual(option);
    Matcher told = DEFAULT.matcher(meaning);
    if (told.find()) {
      usual = told.group(1);
      meaning = meaning.substring(0, told.start()) + (told.group(2).isEmpty() ? "" : told.group(2));
    }
    return row("`" + name + value + "`" + others, usual, meaning);
  }

  private static String usual(OptionSpec option) {
    String value = option.defaultValue();
    if (option.required()) {
      return "required";
    }
    return value != null
        ? value
        : option.arity().max() == 0 ? "off" : option.isMultiValue() ? "none" : "";
  }

  private static String row(String name, String usual, String meaning) {
    String plain = meaning.replaceAll("\\s+", " ").strip();
    if (!plain.isEmpty() && !plain.endsWith(".")) {
      plain += ".";
    }
    return "| "
        + name.replace("|", "\\|")
        + " | "
        + text(usual).replace("|", "\\|")
        + " | "
        + text(plain).replace("|", "\\|")
        + " |";
  }

  private static String text(String text) {
    return text.replace("%%", "%").replace("%n", " ").replace("<", "\\<");
  }
}
