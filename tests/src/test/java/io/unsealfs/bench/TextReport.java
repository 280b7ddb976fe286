package io.unsealfs.bench;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** The figures as tables for people. */
final class TextReport {
  private TextReport() {}

  static String of(Run run) {
    StringBuilder text = new StringBuilder();
    for (Figure figure : Figure.values()) {
      if (run.results().has(figure)) {
        figure(run, figure, text);
      }
    }
    text.append(
        String.format(Locale.ROOT, "%n%-60s %10s %9s %9s%n", "reach", "measured", "must", "aim"));
    for (Reach row : run.reach()) {
      OptionalDouble measured = row.measured();
      text.append(
          String.format(
              Locale.ROOT,
              "%-60s %10s %9s %9s  %s%n",
              row.title(),
              measured.isPresent() ? row.number(measured.getAsDouble()) : "-",
              row.number(row.must()),
              row.number(row.aim()),
              row.verdict()));
    }
    text.append(String.format(Locale.ROOT, "(ours: %s)%n", run.ours()));
    run.leftOut()
        .forEach((subject, reason) ->
            text.append(String.format(Locale.ROOT, "left out: %s: %s%n", subject, reason)));
    return text.toString();
  }

  private static void figure(Run run, Figure figure, StringBuilder text) {
    Results results = run.results();
    text.append(
        String.format(
            Locale.ROOT,
            "%n%-32s %10s  %-19s %s%n",
            figure.title(),
            figure.unit(),
            "least - most",
            "to gocryptfs"));
    for (Subject subject : Subject.ALL) {
      List<Double> values = results.values(figure, subject.id());
      if (values.isEmpty()) {
        continue;
      }
      OptionalDouble ratio = results.ratio(figure, subject.id(), Subject.GOCRYPTFS);
      String spread =
          figure.format(results.least(figure, subject.id()))
              + " - "
              + figure.format(results.most(figure, subject.id()));
      text.append(
          String.format(
              Locale.ROOT,
              "  %-30s %10s  %-19s %s%n",
              subject.title(),
              figure.format(results.median(figure, subject.id()).orElseThrow()),
              spread,
              ratio.isPresent() ? String.format(Locale.ROOT, "%.2f ×", ratio.getAsDouble()) : "-"));
    }
  }
}
