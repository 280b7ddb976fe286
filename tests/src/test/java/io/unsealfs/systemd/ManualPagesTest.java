package io.unsealfs.systemd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.e2e.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What packages have of manual pages and completions, made of the option model. */
class ManualPagesTest {
  @TempDir static Path made = Path.of("");

  @BeforeAll
  static void make() throws IOException, InterruptedException {
    Tool.run(
        60,
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-cp",
        System.getProperty("java.class.path"),
        "io.unsealfs.daemon.ManualRun",
        Needs.checkout().resolve("docs/policy.schema.json").toString(),
        made.toString());
  }

  private static List<Path> pages() throws IOException {
    try (Stream<Path> files = Files.walk(made.resolve("man"))) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static String page(String name) throws IOException {
    // as it reads: without what troff needs to know
    return Files.readString(made.resolve("man").resolve(name))
        .replace("\\-", "-")
        .replaceAll("\\\\f[BIR]", "")
        .replace("\\&", "");
  }

  @Test
  void theLintFindsNothing() throws IOException, InterruptedException {
    Needs.programs("mandoc");
    for (Path page : pages()) {
      assertEquals("", Tool.run(30, "mandoc", "-T", "lint", "-W", "warning", page.toString()));
    }
  }

  @Test
  void everyCommandHasItsPageAndEveryOptionItsEntry() throws IOException {
    assertTrue(pages().size() > 30, pages()::toString);
    String mount = page("man1/unsealfs-mount.1");
    for (String option :
        List.of(
            "--key", "--server-pin", "--allow-other", "--retry-for", "--on-expiry", "--cache")) {
      assertTrue(mount.contains("\n" + option), option);
    }
    assertTrue(mount.replace('\n', ' ').contains("(default: auto)"), "defaults are filled in");
    assertTrue(page("man1/unsealfs.1").contains("unsealfs-keyserver"), "commands are listed");
    for (Path page : pages()) {
      assertTrue(!Files.readString(page).contains("${"), page::toString);
    }
  }

  @Test
  void theMountHelpersPageHasTheWordsOfTheList() throws IOException {
    String page = page("man8/mount.unsealfs.8");
    assertTrue(page.contains("\nserver_pin\n"), page);
    assertTrue(page.contains("\nretry_for\n"), page);
  }

  @Test
  void thePolicysPageHasTheFieldsOfTheSchema() throws IOException {
    String page = page("man5/unsealfs-policy.5");
    for (String field : List.of("mr_td", "rtmr1", "accept_tcb", "requester_psk", "kernel")) {
      assertTrue(page.contains("\n" + field + "\n"), field);
    }
  }

  @Test
  void completionsKnowCommandsAndOptions() throws IOException, InterruptedException {
    Path bash = made.resolve("completions/unsealfs.bash");
    Tool.run(30, "bash", "-n", bash.toString());
    String said =
        Tool.run(
            30,
            "bash",
            "-c",
            "source \"$0\"; COMP_WORDS=(unsealfs mount --retry); COMP_CWORD=2;"
                + " COMP_LINE='unsealfs mount --retry'; COMP_POINT=22; _complete_unsealfs 2>/dev/null;"
                + " echo \"${COMPREPLY[@]}\"",
            bash.toString());
    assertEquals("--retry-for", said.strip());
    String fish = Files.readString(made.resolve("completions/unsealfs.fish"));
    assertTrue(fish.contains("-l retry-for"), fish);
    assertTrue(fish.contains("-f -a mount"), fish);
    for (String line : fish.lines().toList()) {
      assertTrue(
          line.startsWith("#")
              || line.replace("\\'", "").chars().filter(c -> c == '\'').count() % 2 == 0,
          line);
    }
  }
}
