package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code unsealfs demo}: the whole story, and nothing left of it. */
class DemoTest {
  private static final String PREFIX = "unsealfs-demo-";

  @TempDir Path scratch;

  @Test
  void everyStepHoldsAndNothingIsLeftBehind() throws IOException, InterruptedException {
    Needs.fuse();
    Set<String> before = traces();
    Outcome outcome = Command.unsealfs(scratch, "demo", "--size", "32M").run().assertStatus(0);
    for (String step :
        new String[] {
          "model", "key server", "encrypt", "mount", "read", "damage", "denied", "all of it held"
        }) {
      assertTrue(outcome.out().contains(step), () -> "no step '" + step + "' in " + outcome);
    }
    assertTrue(outcome.err().contains("sample"), "sample evidence is said loudly: " + outcome);
    assertFalse(outcome.err().contains("Exception"), outcome::toString);
    // a demo that somebody else runs at the same time goes away too
    Processes.await("no trace of the demo", () -> before.containsAll(traces()));
  }

  /** Directories, mounts and processes of demos on this machine. */
  private static Set<String> traces() {
    Set<String> traces = new TreeSet<>();
    try (var directories = Files.newDirectoryStream(Path.of("/tmp"), PREFIX + "*");
        var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      directories.forEach(directory -> traces.add(directory.toString()));
      Files.readString(
              Path.of("/proc/self/mountinfo"), java.nio.charset.StandardCharsets.ISO_8859_1)
          .lines()
          .filter(line -> line.contains(PREFIX))
          .forEach(traces::add);
      for (Path process : processes) {
        if (Processes.commandLine(process).stream().anyMatch(word -> word.contains(PREFIX))) {
          traces.add(process.toString());
        }
      }
      return traces;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
