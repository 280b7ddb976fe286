package io.unsealfs.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.e2e.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page of messages and cures speaks of messages that there are, and of every exit code. */
class TroubleshootingTest {
  private static final Path PAGE = Path.of("docs/troubleshooting.md");
  private static final Pattern ROW = Pattern.compile("\\| `([^`]+)` \\|.*");
  private static final Pattern STATUS =
      Pattern.compile("^  [A-Z_]+\\((\\d+)\\)[,;]", Pattern.MULTILINE);

  /** All source text with broken string literals put together. */
  private static String sources() throws IOException {
    StringBuilder text = new StringBuilder();
    for (String module : List.of("fuse", "keyfetch", "daemon")) {
      try (Stream<Path> files =
          Files.walk(Needs.checkout().resolve(module).resolve("src/main/java"))) {
        for (Path file : files.filter(one -> one.toString().endsWith(".java")).toList()) {
          text.append(Files.readString(file));
        }
      }
    }
    return text.toString().replaceAll("\"\\s*\\+\\s*\"", "");
  }

  @Test
  void everyExitCodeHasASection() throws IOException {
    String page = Files.readString(Needs.checkout().resolve(PAGE));
    Matcher status =
        STATUS.matcher(
            Files.readString(
                Needs.checkout().resolve("daemon/src/main/java/io/unsealfs/daemon/ExitCode.java")));
    int codes = 0;
    while (status.find()) {
      codes++;
      String code = status.group(1);
      assertTrue(
          code.equals("0") || page.contains("\n## Exit " + code + ":"), () -> "exit " + code);
    }
    assertTrue(codes > 10, "the table of exit codes looks otherwise");
  }

  @Test
  void everyQuotedMessageIsOneThatThereIs() throws IOException {
    String sources = sources();
    List<String> quoted = new ArrayList<>();
    Set<String> unknown = new TreeSet<>();
    for (String line : Files.readAllLines(Needs.checkout().resolve(PAGE))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        quoted.add(row.group(1));
        for (String part : row.group(1).split("…", -1)) {
          if (!sources.contains(part)) {
            unknown.add(row.group(1) + ": '" + part + "'");
          }
        }
      }
    }
    assertTrue(quoted.size() > 15, () -> "too few: " + quoted);
    assertEquals(Set.of(), unknown);
  }
}
