package io.unsealfs.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * Every block of every page is run, or says why not and is parsed at least; every link leads
 * somewhere.
 */
class DocumentationTest {
  private static final Set<String> LANGUAGES =
      Set.of("sh", "yaml", "json", "ini", "text", "mermaid");

  /**
   * Shell commands that stand in a paragraph of their own, the old way, would escape all checks.
   */
  private static final Pattern INDENTED_COMMAND =
      Pattern.compile("    (daemon/bin/)?(unsealfs|systemctl|kubectl|curl|openssl|tests/) ?.*");

  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:\\s]+)(#[^)\\s]*)?\\)");

  @TempDir Path scratch;

  private static List<DocBlock> blocks(String language) throws IOException {
    List<DocBlock> found = new ArrayList<>();
    for (Path page : DocBlock.pages(Needs.checkout())) {
      for (DocBlock block : DocBlock.of(Needs.checkout(), page)) {
        if (block.language().equals(language)) {
          found.add(block);
        }
      }
    }
    assertFalse(found.isEmpty(), () -> "no page has a block of " + language);
    return found;
  }

  @Test
  void everyFenceSaysWhatItHolds() throws IOException {
    for (Path page : DocBlock.pages(Needs.checkout())) {
      for (DocBlock block : DocBlock.of(Needs.checkout(), page)) {
        assertTrue(LANGUAGES.contains(block.language()), () -> block.place() + ": of what kind?");
      }
    }
  }

  @Test
  void everyShellBlockIsRunOrSaysWhyNot() throws IOException {
    for (DocBlock block : blocks("sh")) {
      assertTrue(
          block.story().isPresent() != block.excuse().isPresent(),
          () -> block.place() + ": neither run nor excused by a line of its own before it");
    }
  }

  @Test
  void noShellBlockHidesByIndentation() throws IOException {
    for (Path page : DocBlock.pages(Needs.checkout())) {
      for (String line : Files.readAllLines(Needs.checkout().resolve(page))) {
        assertFalse(INDENTED_COMMAND.matcher(line).matches(), () -> page + ": not fenced: " + line);
      }
    }
  }

  @Test
  void everyShellBlockIsShell() throws IOException, InterruptedException {
    Needs.programs("bash");
    for (DocBlock block : blocks("sh")) {
      Path script = Files.writeString(scratch.resolve("block.sh"), block.text());
      Process bash =
          new ProcessBuilder("bash", "-n", script.toString()).redirectErrorStream(true).start();
      String said =
          new String(bash.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
      assertEquals(0, bash.waitFor(), () -> block.place() + ": " + said);
    }
  }

  @Test
  void everyYamlBlockIsYaml() throws IOException {
    for (DocBlock block : blocks("yaml")) {
      try {
        new Load(LoadSettings.builder().setAllowDuplicateKeys(false).build())
            .loadAllFromString(block.text())
            .forEach(document -> assertTrue(document != null, block.place()));
      } catch (RuntimeException e) {
        throw new AssertionError(block.place() + ": " + e.getMessage(), e);
      }
    }
  }

  @Test
  void everyJsonBlockIsJson() throws IOException {
    for (Path page : DocBlock.pages(Needs.checkout())) {
      for (DocBlock block : DocBlock.of(Needs.checkout(), page)) {
        if (block.language().equals("json")) {
          try (JsonParser parser = new JsonFactory().createParser(block.text())) {
            while (parser.nextToken() != null) {}
          } catch (IOException e) {
            throw new AssertionError(block.place() + ": " + e.getMessage(), e);
          }
        }
      }
    }
  }

  @Test
  void everyLinkLeadsToAPageAndAHeading() throws IOException {
    Set<String> dead = new TreeSet<>();
    for (Path page : DocBlock.pages(Needs.checkout())) {
      String text = Files.readString(Needs.checkout().resolve(page));
      Matcher link = LINK.matcher(text);
      while (link.find()) {
        Path file = Needs.checkout().resolve(page).resolveSibling(link.group(1)).normalize();
        if (!Files.exists(file)) {
          dead.add(page + ": " + link.group(1));
        } else if (link.group(2) != null && !headings(file).contains(link.group(2))) {
          dead.add(page + ": " + link.group(1) + link.group(2));
        }
      }
    }
    assertEquals(Set.of(), dead);
  }

  /** The anchors of a page's headings, as they are usually made. */
  private static Set<String> headings(Path page) throws IOException {
    Set<String> anchors = new TreeSet<>();
    for (String line : Files.readAllLines(page)) {
      if (line.startsWith("#")) {
        anchors.add(
            "#"
                + line.replaceFirst("^#+ ", "")
                    .toLowerCase(java.util.Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N} _-]", "")
                    .replace(' ', '-'));
      }
    }
    return anchors;
  }
}
