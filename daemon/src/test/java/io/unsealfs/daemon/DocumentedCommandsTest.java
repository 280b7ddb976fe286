package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Every command of ours that a page shows has only options and words that there are. */
class DocumentedCommandsTest {
  private static final Path CHECKOUT = Path.of("..");
  private static final Pattern FENCE = Pattern.compile(" *```(\\S*)\\s*");

  /** What stands between the shell's separators; one in quotes is none. */
  private static final Pattern PART = Pattern.compile("(?:\"[^\"]*\"|'[^']*'|[^;|&])+");

  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)");
  private static final Pattern USAGE = Pattern.compile("[\\[{|]|\\bTARGET\\b|<.*>");

  private record Line(Path page, int number, String text) {}

  /** Commands of ours in shell blocks, one each, without what surrounds them. */
  private static List<Line> commands() throws IOException {
    List<Path> pages = new ArrayList<>(List.of(CHECKOUT.resolve("README.md")));
    for (String folder : List.of("docs", "systemd", "container")) {
      try (Stream<Path> files = Files.walk(CHECKOUT.resolve(folder))) {
        files
            .filter(
                file -> file.toString().endsWith(".md") && !file.toString().contains("/target/"))
            .forEach(pages::add);
      }
    }
    List<Line> found = new ArrayList<>();
    for (Path page : pages) {
      String language = "";
      boolean inside = false;
      StringBuilder text = new StringBuilder();
      List<String> lines = Files.readAllLines(page);
      for (int i = 0; i < lines.size(); i++) {
        Matcher fence = FENCE.matcher(lines.get(i));
        if (fence.matches()) {
          inside = !inside;
          language = inside ? fence.group(1) : "";
        } else if (language.equals("sh")) {
          String line = lines.get(i).strip();
          if (line.endsWith("\\")) {
            text.append(line, 0, line.length() - 1).append(' ');
            continue;
          }
          Matcher part = PART.matcher(text.append(line));
          while (part.find()) {
            String command = part.group().replaceFirst("(^|\\s)#.*", "").strip();
            command =
                command
                    .replaceFirst("^(sudo |\\(|until |if |! )+", "")
                    .replaceFirst("^(daemon/bin|\\.)/", "");
            if (command.startsWith("unsealfs ")) {
              found.add(new Line(page, i + 1, command.substring("unsealfs ".length())));
            }
          }
          text.setLength(0);
        }
      }
    }
    return found;
  }

  private static List<String> words(String command) {
    List<String> words = new ArrayList<>();
    Matcher word =
        WORD.matcher(
            command.replaceAll("\\s[0-9]?>{1,2}\\s*\\S+", "").replaceAll("\\s<\\s*\\S+", ""));
    while (word.find()) {
      words.add(word.group().replaceAll("^[\"']|[\"']$", ""));
    }
    return words;
  }

  @Test
  void everyCommandOfEveryPageParses() throws IOException {
    List<Line> commands = commands();
    assertFalse(commands.size() < 20, () -> "where are the commands? " + commands);
    List<String> wrong = new ArrayList<>();
    for (Line line : commands) {
      if (USAGE.matcher(line.text()).find() || line.text().startsWith("--setup")) {
        continue;
      }
      CommandLine commandLine =
          Main.commandLine(
              new RootCommand(), new Wiring(CallerChannel.fromEnvironment(Map.of())), List.of());
      try {
        commandLine.parseArgs(OptionList.detached(words(line.text())).toArray(String[]::new));
      } catch (CommandLine.ParameterException e) {
        wrong.add(
            "%s:%d: %s: %s".formatted(line.page(), line.number(), line.text(), e.getMessage()));
      }
    }
    assertEquals(List.of(), wrong, () -> String.join("\n", wrong));
  }
}
