package io.unsealfs.daemon.status;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.mount.Operation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MountMetricsTest {
  /** A row of the table in the documentation: names, and tags that do not matter here. */
  private static final Pattern ROW = Pattern.compile("(?m)^\\| (`unsealfs\\.[^|]*) \\|");

  private static final Pattern NAME = Pattern.compile("`(unsealfs)?(\\.[a-z.]+)(?:\\{[^}]*})?`");

  private final RequestFigures requests = new RequestFigures();

  private String scrape(MountStatus status) {
    try (MountMetrics metrics =
        new MountMetrics(() -> status, requests, new KeyFigures(), List.of("ready", "failed"))) {
      return metrics.scrape();
    }
  }

  @Test
  void figuresComeFromTheStatusAndTheRequests() {
    requests.count(Operation.READ, 4096, 2_000_000_000L);
    String text = scrape(Statuses.of(7, 8));
    assertTrue(text.contains("unsealfs_read_bytes_total 7"), text);
    assertTrue(text.contains("unsealfs_mount_state{state=\"ready\"} 1"), text);
    assertTrue(text.contains("unsealfs_mount_state{state=\"failed\"} 0"), text);
    assertTrue(text.contains("unsealfs_key_lease_remaining_seconds 3000"), text);
    assertTrue(
        text.contains("unsealfs_fuse_requests_seconds_sum{operation=\"read\",outcome=\"ok\"} 2"),
        text);
    assertTrue(text.contains("{format=\"gocryptfs\",healed=\"false\"}"), text);
  }

  @Test
  void noFigureTellsNames() {
    String text =
        scrape(
            Statuses.of(
                7, 8, new MountStatus.FileErrors("secret.bin", "damaged", "read", 1, "now")));
    for (String name : List.of("secret", "/srv", "/models", "4711", "busy")) {
      assertFalse(text.contains(name), name);
    }
  }

  @Test
  void everyFigureOfTheDocumentationIsThere() throws IOException {
    String text = scrape(Statuses.of(7, 8));
    String page = Files.readString(Path.of("../docs/operations.md"));
    int rows = 0;
    Matcher row = ROW.matcher(page);
    while (row.find()) {
      rows++;
      String first = "";
      Matcher name = NAME.matcher(row.group(1));
      while (name.find()) {
        String full = name.group(1) == null ? first + name.group(2) : "unsealfs" + name.group(2);
        first = name.group(1) == null ? first : full;
        if (!full.startsWith("unsealfs.key.fetch") && !full.startsWith("unsealfs.attest")) {
          assertTrue(text.contains("\n" + full.replace('.', '_')), full + " is not in\n" + text);
        }
      }
    }
    assertTrue(rows > 10, "rows of the table: " + rows);
  }
}
