package io.unsealfs.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A fenced block of a page.
 *
 * @param page relative to the checkout
 * @param line of the fence, from 1
 * @param language the fence's word; empty if it has none
 * @param machine what it has to be run on, where that is not this one: {@code systemd} is a booted
 *     Debian with the package
 * @param story the story it is a part of: blocks of one story are run in their order
 * @param first what a reader has done before and the page need not say
 * @param excuse why it is not run
 */
public record DocBlock(
    Path page,
    int line,
    String language,
    Optional<String> machine,
    Optional<String> story,
    Optional<String> first,
    Optional<String> excuse,
    List<String> lines) {
  private static final Pattern FENCE = Pattern.compile("( *)```(\\S*)\\s*");
  private static final Pattern RUN =
      Pattern.compile(" *<!-- run(?: in (systemd))?: ([a-z0-9-]+)(?:; first: (.+))? -->");
  private static final Pattern NOT_RUN = Pattern.compile(" *<!-- not run here: (.+) -->");

  /** All pages of the checkout that people read. */
  static List<Path> pages(Path checkout) throws IOException {
    List<Path> pages = new ArrayList<>(List.of(Path.of("README.md"), Path.of("tests/README.md")));
    for (String folder : List.of("docs", "systemd", "container")) {
      try (Stream<Path> files = Files.walk(checkout.resolve(folder))) {
        files
            .filter(
                file -> file.toString().endsWith(".md") && !file.toString().contains("/target/"))
            .map(checkout::relativize)
            .sorted()
            .forEach(pages::add);
      }
    }
    return pages;
  }

  /** The blocks of one page, in their order. */
  public static List<DocBlock> of(Path checkout, Path page) throws IOException {
    List<DocBlock> blocks = new ArrayList<>();
    List<String> lines = Files.readAllLines(checkout.resolve(page));
    for (int i = 0; i < lines.size(); i++) {
      Matcher fence = FENCE.matcher(lines.get(i));
      if (fence.matches()) {
        String mark = i == 0 ? "" : lines.get(i - 1);
        int begin = i;
        List<String> content = new ArrayList<>();
        String end = fence.group(1) + "```";
        for (i++; i < lines.size() && !lines.get(i).stripTrailing().equals(end); i++) {
          content.add(
              lines.get(i).substring(Math.min(fence.group(1).length(), lines.get(i).length())));
        }
        if (i == lines.size()) {
          throw new AssertionError(page + ":" + (begin + 1) + ": a fence that does not end");
        }
        blocks.add(
            new DocBlock(
                page,
                begin + 1,
                fence.group(2),
                group(RUN, 1, mark),
                group(RUN, 2, mark),
                group(RUN, 3, mark),
                group(NOT_RUN, 1, mark),
                content));
      }
    }
    return blocks;
  }

  /** The stories that are run on this machine, as {@code PAGE STORY}. */
  public static Set<String> stories(Path checkout, String machine) throws IOException {
    Set<String> stories = new TreeSet<>();
    for (Path page : pages(checkout)) {
      for (DocBlock block : of(checkout, page)) {
        if (block.machine().equals(Optional.of(machine))) {
          stories.add(page + " " + block.story().orElseThrow());
        }
      }
    }
    return stories;
  }

  /** One story of a page, to be run by bash. */
  public static String script(Path checkout, String pageAndStory) throws IOException {
    String[] words = pageAndStory.split(" ", 2);
    List<DocBlock> blocks =
        of(checkout, Path.of(words[0])).stream()
            .filter(block -> block.story().equals(Optional.of(words[1])))
            .toList();
    if (blocks.isEmpty()) {
      throw new AssertionError("no such story: " + pageAndStory);
    }
    return script(blocks);
  }

  static String script(List<DocBlock> blocks) {
    StringBuilder script = new StringBuilder();
    for (DocBlock block : blocks) {
      script.append("echo '== ").append(block.place()).append("' >&2\n");
      block.first().ifPresent(command -> script.append(command).append('\n'));
      script.append(block.text());
    }
    return script.toString();
  }

  private static Optional<String> group(Pattern pattern, int group, String line) {
    Matcher matcher = pattern.matcher(line);
    return matcher.matches() ? Optional.ofNullable(matcher.group(group)) : Optional.empty();
  }

  String place() {
    return page + ":" + line;
  }

  /** What is between the fences. */
  public String text() {
    return String.join("\n", lines) + "\n";
  }
}
