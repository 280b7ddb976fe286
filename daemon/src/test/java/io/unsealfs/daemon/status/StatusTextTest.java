package io.unsealfs.daemon.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StatusTextTest {

  private static String line(List<String> lines, String start) {
    return lines.stream()
        .filter(line -> line.strip().startsWith(start))
        .findFirst()
        .orElseThrow(() -> new AssertionError(start + " is not in " + lines));
  }

  @Test
  void aStatusIsAFewLines() {
    List<String> lines = StatusText.lines(Statuses.of(3 << 20, 1000), Optional.empty());
    assertTrue(lines.getFirst().startsWith("/models: ready since "), lines::toString);
    assertTrue(line(lines, "read ").contains("3.00 MiB in 50 reads, 1 file open"));
    assertTrue(line(lines, "cache").contains("75 % hits"), lines::toString);
    assertTrue(line(lines, "key").contains("lease held, ends in 50 min, renewed 7 times"));
    assertTrue(line(lines, "key").contains("not renewed: busy"));
    assertTrue(line(lines, "idle").contains("10 min"));
    assertTrue(line(lines, "errors").endsWith("none"));
    assertFalse(line(lines, "read ").contains("/s"), "a rate of one look");
  }

  @Test
  void residentModeThatIsOnSaysWhyAndWhatBecameOfFiles() {
    assertEquals(
        "on: 3 files, 2.00 MiB of 4.00 MiB, 5 filled, 6 given up, 7 refused, 8 evicted (asked for)",
        StatusText.resident(
            new MountStatus.Resident(true, "asked for", 4 << 20, 2 << 20, 3, 5, 6, 7, 8)));
  }

  @Test
  void twoLooksShowARate() {
    List<String> lines =
        StatusText.lines(Statuses.of(30 << 20, 3000), Optional.of(Statuses.of(10 << 20, 1000)));
    assertTrue(line(lines, "read ").contains("10.0 MiB/s now"), lines::toString);
  }

  @Test
  void aNameCannotForgeALineOrControlATerminal() {
    List<String> lines =
        StatusText.lines(
            Statuses.of(
                0,
                1,
                new MountStatus.FileErrors("a\nb\u001b[2J\u202e", "damaged", "read", 3, "now")),
            Optional.empty());
    assertEquals("    now read a?b?[2J?: damaged (3 times)", lines.getLast());
  }
}
