package io.unsealfs.bench;

import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;

/**
 * The figures as a chart: one panel per figure, one bar per subject from zero to the median, a line
 * from the least to the most. Colours follow the reader's light or dark setting.
 */
final class SvgChart {
  private static final List<Figure> PANELS =
      List.of(
          Figure.SEQUENTIAL_READ,
          Figure.MAPPED_TOUCH,
          Figure.LOADERS,
          Figure.TENSORS_ORDERED,
          Figure.TENSORS_SHUFFLED,
          Figure.FIRST_128,
          Figure.RANDOM_4K_1,
          Figure.RANDOM_4K_4,
          Figure.RANDOM_64K_1,
          Figure.RANDOM_64K_4,
          Figure.PARALLEL_READ,
          Figure.ALTERNATE_READ,
          Figure.SMALL_FILES,
          Figure.LIST,
          Figure.STAT,
          Figure.SEQUENTIAL_CPU,
          Figure.TOTAL_CPU,
          Figure.MOUNT_READABLE,
          Figure.RSS_PEAK);

  private static final int COLUMNS = 3;
  private static final int PANEL_WIDTH = 330;
  private static final int PANEL_GAP = 24;
  private static final int BAR = 13;
  private static final int BAR_STEP = 17;
  private static final int TITLE = 22;
  private static final int AXIS = 34;
  private static final int VALUE_ROOM = 52;
  private static final int HEADER = 110;
  private static final int MARGIN = 20;
  private static final int LEGEND_COLUMN = 258;

  private static final String STYLE =
      """
      <style>
      text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: #1f2328; }
      .title { font-weight: 600; }
      .head { font-size: 15px; font-weight: 600; }
      .small { font-size: 10.5px; fill: #59636e; }
      .ground { fill: #ffffff; }
      .grid { stroke: #d1d9e0; stroke-width: 1; }
      .spread { stroke: #1f2328; stroke-width: 1.5; }
      .s0 { fill: #0a63c9; } .s1 { fill: #6cb0f5; }
      .s2 { fill: #c4570a; } .s3 { fill: #f0a35e; }
      .s4 { fill: #6e7781; } .s5 { fill: #a8b1ba; } .s6 { fill: #3f9151; }
      .s7 { fill: #7a2fb8; } .s8 { fill: #c39be6; }
      @media (prefers-color-scheme: dark) {
        text { fill: #e6edf3; } .small { fill: #9da7b3; } .ground { fill: #0d1117; }
        .grid { stroke: #3d444d; } .spread { stroke: #e6edf3; }
        .s0 { fill: #3f8ff0; } .s1 { fill: #1f5ea8; }
        .s2 { fill: #e8833a; } .s3 { fill: #9c5a24; }
        .s4 { fill: #9da7b3; } .s5 { fill: #6a737d; } .s6 { fill: #4cb564; }
        .s7 { fill: #a86be0; } .s8 { fill: #6d3f99; }
      }
      </style>
      """;

  private final Run run;
  private final StringBuilder svg = new StringBuilder();

  private SvgChart(Run run) {
    this.run = run;
  }

  static String of(Run run) {
    return new SvgChart(run).draw();
  }

  private String draw() {
    List<Figure> panels = PANELS.stream().filter(run.results()::has).toList();
    int width = 2 * MARGIN + COLUMNS * PANEL_WIDTH + (COLUMNS - 1) * PANEL_GAP;
    int height = MARGIN + HEADER + MARGIN;
    for (int first = 0; first < panels.size(); first += COLUMNS) {
      height += rowHeight(panels, first);
    }
    line(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
                + " role=\"img\" aria-label=\"Read figures of unsealfs and its peers\">",
            width,
            height,
            width,
            height));
    svg.append(STYLE);
    line(
        String.format(
            Locale.ROOT, "<rect class=\"ground\" width=\"%d\" height=\"%d\"/>", width, height));
    header();
    int y = MARGIN + HEADER;
    for (int first = 0; first < panels.size(); first += COLUMNS) {
      for (int i = first; i < Math.min(first + COLUMNS, panels.size()); i++) {
        panel(panels.get(i), MARGIN + (i - first) * (PANEL_WIDTH + PANEL_GAP), y);
      }
      y += rowHeight(panels, first);
    }
    return svg.append("</svg>\n").toString();
  }

  private int rowHeight(List<Figure> panels, int first) {
    int bars = 0;
    for (Figure figure : panels.subList(first, Math.min(first + COLUMNS, panels.size()))) {
      bars = Math.max(bars, bars(figure));
    }
    return TITLE + bars * BAR_STEP + AXIS;
  }

  private int bars(Figure figure) {
    return (int)
        Subject.ALL.stream()
            .filter(subject -> !run.results().values(figure, subject.id()).isEmpty())
            .count();
  }

  private void header() {
    text("head", MARGIN, MARGIN + 12, "Reading through a mount: medians of interleaved rounds");
    text(
        "small",
        MARGIN,
        MARGIN + 30,
        String.format(
            Locale.ROOT,
            "%s, %s cores, Linux %s; rounds: %d, large file: %d MiB, ciphertext in memory, page"
                + " cache dropped; line: least to most",
            run.machine().getOrDefault("cpu", ""),
            run.machine().getOrDefault("cores", ""),
            run.machine().getOrDefault("kernel", ""),
            run.options().rounds(),
            run.options().sizeMebibytes()));
    int shown = 0;
    for (int i = 0; i < Subject.ALL.size(); i++) {
      if (run.leftOut().containsKey(Subject.ALL.get(i).id())) {
        continue;
      }
      int x = MARGIN + shown % 4 * LEGEND_COLUMN;
      int y = MARGIN + 40 + shown / 4 * 18;
      line(
          String.format(
              Locale.ROOT,
              "<rect class=\"s%d\" x=\"%d\" y=\"%d\" width=\"12\" height=\"12\"/>",
              i,
              x,
              y));
      text("legend", x + 18, y + 10, Subject.ALL.get(i).title());
      shown++;
    }
  }

  private void panel(Figure figure, int x, int y) {
    Results results = run.results();
    double most = 0;
    for (Subject subject : Subject.ALL) {
      most = Math.max(most, results.most(figure, subject.id()));
    }
    double step = step(most);
    double end = Math.max(step, Math.ceil(most / step) * step);
    double scale = (PANEL_WIDTH - VALUE_ROOM) / end;
    text("title", x, y + 12, figure.title());
    int bottom = y + TITLE + bars(figure) * BAR_STEP;
    for (double tick = 0; tick <= end * 1.0001; tick += step) {
      double at = x + tick * scale;
      line(
          String.format(
              Locale.ROOT,
              "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>",
              at,
              y + TITLE - 3,
              at,
              bottom + 2));
      line(
          String.format(
              Locale.ROOT,
              "<text class=\"small\" text-anchor=\"%s\" x=\"%.1f\" y=\"%d\">%s</text>",
              tick == 0 ? "start" : "middle",
              at,
              bottom + 14,
              number(tick)));
    }
    line(
        String.format(
            Locale.ROOT,
            "<text class=\"small\" text-anchor=\"end\" x=\"%d\" y=\"%d\">%s</text>",
            x + PANEL_WIDTH,
            y + 12,
            escape(
                figure.unit()
                    + (figure.moreIsBetter() ? ", more is better" : ", less is better"))));
    int row = 0;
    for (int i = 0; i < Subject.ALL.size(); i++) {
      String id = Subject.ALL.get(i).id();
      if (results.values(figure, id).isEmpty()) {
        continue;
      }
      double median = results.median(figure, id).orElseThrow();
      int top = y + TITLE + row * BAR_STEP;
      line(
          String.format(
              Locale.ROOT,
              "<rect class=\"s%d\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
              i,
              x,
              top,
              Math.max(0, median * scale),
              BAR));
      line(
          String.format(
              Locale.ROOT,
              "<line class=\"spread\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
              x + results.least(figure, id) * scale,
              top + BAR / 2.0,
              x + results.most(figure, id) * scale,
              top + BAR / 2.0));
      line(
          String.format(
              Locale.ROOT,
              "<text x=\"%.1f\" y=\"%d\">%s</text>",
              x + results.most(figure, id) * scale + 5,
              top + BAR - 2,
              figure.format(median)));
      row++;
    }
  }

  /** Distance of ticks: 1, 2 or 5 times a power of ten, three to six of them. */
  private static double step(double most) {
    if (most <= 0) {
      return 1;
    }
    double power = Math.pow(10, Math.floor(Math.log10(most / 3)));
    double times = most / 3 / power;
    return power * (times >= 5 ? 5 : times >= 2 ? 2 : 1);
  }

  /** A tick's number, short: 250, 1.5k, 2M. */
  private static String number(double value) {
    double shown = value >= 1e6 ? value / 1e6 : value >= 1e3 ? value / 1e3 : value;
    String suffix = value >= 1e6 ? "M" : value >= 1e3 ? "k" : "";
    return new DecimalFormat("0.###", DecimalFormatSymbols.getInstance(Locale.ROOT)).format(shown)
        + suffix;
  }

  private void text(String styleClass, int x, int y, String text) {
    line(
        String.format(
            Locale.ROOT,
            "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>",
            styleClass,
            x,
            y,
            escape(text)));
  }

  private void line(String text) {
    svg.append(text).append('\n');
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
