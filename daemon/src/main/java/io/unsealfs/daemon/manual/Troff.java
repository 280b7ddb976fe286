package io.unsealfs.daemon.manual;

import java.util.Locale;

/** A manual page in the making, in the macros of man(7). */
final class Troff {
  private final StringBuilder page = new StringBuilder();

  /** A page with its title line. */
  Troff(String title, int section, String date, String version) {
    page.append(".TH \"")
        .append(escaped(title.toUpperCase(Locale.ROOT)))
        .append("\" ")
        .append(section)
        .append(' ')
        .append(date)
        .append(" \"unsealfs ")
        .append(escaped(version))
        .append("\" \"unsealfs\"\n");
  }

  /** A request line with its words. */
  private void macro(String name, String... words) {
    page.append('.').append(name);
    for (String word : words) {
      page.append(" \"").append(escaped(word).replace("\"", "\\(dq")).append('"');
    }
    page.append('\n');
  }

  /** Text as it is to be read: what troff would act on stands for itself. */
  static String escaped(String text) {
    return text.replace("\\", "\\e")
        .replace("-", "\\-")
        .replace("'", "\\(aq")
        .replace("`", "\\(ga")
        .replace("^", "\\(ha")
        .replace("~", "\\(ti");
  }

  Troff section(String name) {
    macro("SH", name);
    return this;
  }

  Troff paragraph(String text) {
    startParagraph();
    page.append(lines(text));
    return this;
  }

  /** A section begins a paragraph by itself. */
  private void startParagraph() {
    if (!page.substring(page.lastIndexOf("\n", page.length() - 2) + 1).startsWith(".SH ")) {
      page.append(".PP\n");
    }
  }

  /** The line of a NAME section, which whatis(1) reads. */
  Troff name(String name, String does) {
    section("NAME");
    page.append(escaped(name)).append(" \\- ").append(escaped(does)).append('\n');
    return this;
  }

  /** A term, which is troff already, and what it means. */
  Troff item(String term, String text) {
    page.append(".TP\n").append(term).append('\n').append(lines(text));
    return this;
  }

  /** Lines that stay as they are. */
  Troff example(String text) {
    startParagraph();
    page.append(".RS 4\n.nf\n");
    for (String line : text.stripTrailing().split("\n", -1)) {
      page.append(protectedLine(escaped(line))).append('\n');
    }
    page.append(".fi\n.RE\n");
    return this;
  }

  static String bold(String text) {
    return "\\fB" + escaped(text) + "\\fR";
  }

  static String italic(String text) {
    return "\\fI" + escaped(text) + "\\fR";
  }

  /** One sentence a line, none of which can be taken for a request. */
  private static String lines(String text) {
    StringBuilder lines = new StringBuilder();
    for (String line : text.strip().replaceAll("\\s+", " ").split("(?<=[.;]) ", -1)) {
      lines.append(protectedLine(escaped(line))).append('\n');
    }
    return lines.toString();
  }

  private static String protectedLine(String line) {
    return line.startsWith(".") || line.startsWith("\\(aq") ? "\\&" + line : line;
  }

  @Override
  public String toString() {
    return page.toString();
  }
}
