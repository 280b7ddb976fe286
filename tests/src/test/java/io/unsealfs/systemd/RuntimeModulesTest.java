package io.unsealfs.systemd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The run-time of packages and images against the jars that run in it. */
class RuntimeModulesTest {
  private static final Pattern LISTED = Pattern.compile("[=,]((?:java|jdk)\\.[a-z.]+)");
  private static final Pattern NEEDED = Pattern.compile("-> ((?:java|jdk)\\.[a-z.]+)");

  /** Of classes that nothing here loads: editors of bean properties, recordings of the JVM. */
  private static final Set<String> NOT_USED = Set.of("java.desktop", "jdk.jfr");

  @Test
  void theRunTimeHasEveryModuleThatTheJarsNeed() throws IOException {
    Path home = Path.of("..").toRealPath();
    Set<String> listed = new TreeSet<>();
    Matcher module = LISTED.matcher(Files.readString(home.resolve("daemon/bin/runtime")));
    while (module.find()) {
      listed.add(module.group(1));
    }
    ToolProvider jdeps = ToolProvider.findFirst("jdeps").orElseThrow();
    Set<String> lacking = new TreeSet<>();
    List<Path> jars = jars(home.resolve("daemon/target/lib"));
    assertTrue(jars.size() > 50, jars::toString);
    for (Path jar : jars) {
      StringWriter said = new StringWriter();
      int _ =
          jdeps.run(
              new PrintWriter(said),
              new PrintWriter(new StringWriter()),
              "-s",
              "--ignore-missing-deps",
              "--multi-release",
              Integer.toString(Runtime.version().feature()),
              jar.toString());
      Matcher needed = NEEDED.matcher(said.toString());
      while (needed.find()) {
        if (!listed.contains(needed.group(1)) && !NOT_USED.contains(needed.group(1))) {
          lacking.add(needed.group(1) + " for " + jar.getFileName());
        }
      }
    }
    assertEquals(Set.of(), lacking);
  }

  private static List<Path> jars(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    }
  }
}
