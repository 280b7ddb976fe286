package io.unsealfs.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;

/** The bench itself, with the least it can do, so that it works when it is wanted. */
class ReadBenchTest {
  @TempDir Path scratch;

  @Test
  void aRunGivesEveryFigureATableAndAChart() throws Exception {
    needs("root".equals(System.getProperty("user.name")), "root");
    needs(Files.isReadable(Path.of("/dev/fuse")), "/dev/fuse");
    for (String program : List.of("gcc", "fio", "gocryptfs")) {
      needs(
          Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
              .anyMatch(folder -> Files.isExecutable(Path.of(folder, program))),
          "the program " + program);
    }
    Path json = scratch.resolve("figures.json");
    Path svg = scratch.resolve("chart.svg");
    ByteArrayOutputStream progress = new ByteArrayOutputStream();

    Run run =
        ReadBench.run(
            new BenchOptions(
                Path.of(System.getProperty("unsealfs.root", ".")).toAbsolutePath().normalize(),
                1,
                4,
                20,
                100,
                50,
                2,
                Optional.of(json),
                Optional.of(svg),
                EnumSet.allOf(Workload.class)),
            new PrintStream(progress, true, StandardCharsets.UTF_8));
    ReadBench.write(run);

    Set<String> all = new TreeSet<>();
    for (Figure figure : Figure.values()) {
      all.add(figure.id());
      assertFalse(
          run.results().values(figure, Subject.JNR).isEmpty(), figure + ": not measured of ours");
    }
    assertEquals(all, figures(json));
    String table = TextReport.of(run);
    for (Reach row : run.reach()) {
      assertTrue(table.contains(row.title()), row.title());
    }
    Element chart =
        DocumentBuilderFactory.newDefaultInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(Files.readAllBytes(svg)))
            .getDocumentElement();
    assertEquals("svg", chart.getTagName());
    assertTrue(chart.getElementsByTagName("rect").getLength() > 30, "bars of the chart");
    assertFalse(Files.exists(run.workspace()), run.workspace() + " is left behind");
    assertEquals(List.of(), MountEntry.below(run.workspace()));
    assertEquals(List.of(), Workspace.daemons(run.workspace()));
  }

  @Test
  void theMedianIsTheMiddleOfTheRounds() {
    Results results = new Results();
    Subject ours = Subject.ALL.getFirst();
    for (double value : new double[] {5, 1, 9}) {
      results.add(Figure.STAT, ours, value);
    }
    assertEquals(5, results.median(Figure.STAT, ours.id()).orElseThrow());
    results.add(Figure.STAT, ours, 7);
    assertEquals(6, results.median(Figure.STAT, ours.id()).orElseThrow());
    assertTrue(results.ratio(Figure.STAT, ours.id(), Subject.GOCRYPTFS).isEmpty());
  }

  private static Set<String> figures(Path json) throws Exception {
    Set<String> names = new TreeSet<>();
    try (JsonParser parser = new JsonFactory().createParser(json.toFile())) {
      int depth = 0;
      boolean inFigures = false;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token.isStructStart()) {
          depth++;
          inFigures |= depth == 2 && "figures".equals(parser.currentName());
        } else if (token.isStructEnd()) {
          depth--;
          inFigures &= depth >= 2;
        } else if (token == JsonToken.FIELD_NAME && inFigures && depth == 2) {
          names.add(parser.currentName());
        }
      }
    }
    return names;
  }

  private static void needs(boolean present, String what) {
    if (!present && "true".equals(System.getenv("CI"))) {
      throw new AssertionError("this machine lacks " + what);
    }
    assumeTrue(present, "this machine lacks " + what);
  }
}
