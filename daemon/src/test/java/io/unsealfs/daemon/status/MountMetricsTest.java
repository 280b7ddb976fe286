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
    assertTrue(text.contains("{format=\"gocryptfs\",healed=\"false\"} 0"), text);
    assertTrue(text.contains("{format=\"gocryptfs\",healed=\"true\"} 48"), text);
    assertTrue(text.contains("unsealfs_decrypt_seconds_count 41"), text);
    assertTrue(text.contains("unsealfs_decrypt_seconds_sum 5"), text);
  }

  @Test
  void figuresOfAnObjectStoreComeFromTheStatus() {
    String text = scrape(Statuses.of(7, 8));
    for (String line :
        List.of(
            "unsealfs_source_requests_seconds_count{op=\"read\",outcome=\"ok\",provider=\"s3\"} 97",
            "unsealfs_source_requests_seconds_sum{op=\"read\",outcome=\"ok\",provider=\"s3\"} 6",
            "unsealfs_source_requests_seconds_count{op=\"list\",outcome=\"ok\",provider=\"s3\"} 24",
            "unsealfs_source_requests_seconds_sum{op=\"list\",outcome=\"ok\",provider=\"s3\"} 9",
            "unsealfs_source_requests_seconds_count{op=\"list\",outcome=\"failed\",provider=\"s3\"} 1",
            "unsealfs_source_requests_seconds_count{op=\"head\",outcome=\"ok\",provider=\"s3\"} 2",
            "unsealfs_source_requests_seconds_sum{op=\"head\",outcome=\"ok\",provider=\"s3\"} 2",
            "unsealfs_source_requests_seconds_count{op=\"head\",outcome=\"failed\",provider=\"s3\"} 1",
            "unsealfs_source_requests_seconds_sum{op=\"head\",outcome=\"failed\",provider=\"s3\"} 5",
            "unsealfs_source_first_byte_seconds_count{provider=\"s3\"} 97",
            "unsealfs_source_first_byte_seconds_sum{provider=\"s3\"} 4",
            "unsealfs_source_bytes_total{provider=\"s3\",reason=\"prefetch\"} 2000",
            "unsealfs_source_bytes_total{provider=\"s3\",reason=\"meta\"} 4",
            "unsealfs_source_retries_total{cause=\"throttled\",provider=\"s3\"} 4",
            "unsealfs_source_retries_total{cause=\"truncated\",provider=\"s3\"} 0",
            "unsealfs_source_hedges_total{provider=\"s3\",won=\"true\"} 2",
            "unsealfs_source_hedges_total{provider=\"s3\",won=\"false\"} 7",
            "unsealfs_source_throttled_total{provider=\"s3\"} 5",
            "unsealfs_source_stale_total{provider=\"s3\"} 1",
            "unsealfs_source_protocol_faults_total{kind=\"range\",provider=\"s3\"} 11",
            "unsealfs_source_inflight{provider=\"s3\"} 6",
            "unsealfs_source_concurrency_limit{provider=\"s3\"} 13",
            "unsealfs_chunk_cache_total{result=\"join\",tier=\"ram\"} 16",
            "unsealfs_chunk_cache_size_bytes{tier=\"disk\"} 900",
            "unsealfs_chunk_cache_evictions_total{cause=\"size\",tier=\"disk\"} 17",
            "unsealfs_chunk_cache_evictions_total{cause=\"space\",tier=\"disk\"} 3",
            "unsealfs_prefetch_bytes_total{result=\"wasted\"} 500",
            "unsealfs_prefetch_streams 14",
            "unsealfs_prefetch_window_bytes 64",
            "unsealfs_prefetch_budget_used_bytes 18",
            "unsealfs_credentials_expires_seconds 29",
            "unsealfs_credentials_refresh_total{outcome=\"failed\"} 31",
            "unsealfs_listing_objects 22",
            "unsealfs_listing_duration_seconds 2.3",
            "unsealfs_listing_skipped{cause=\"nul\"} 24",
            "unsealfs_listing_skipped{cause=\"dot_name\"} 0",
            "unsealfs_listing_refreshes_total{outcome=\"failed\"} 28")) {
      assertTrue(text.contains("\n" + line), line + " is not in\n" + text);
    }
  }

  @Test
  void readsOfLocalFilesAreCountedUnderTheSameNames() {
    String text = scrape(Statuses.ofLocal());
    for (String line :
        List.of(
            "unsealfs_source_bytes_total{provider=\"local\",reason=\"demand\"} 44",
            "unsealfs_source_requests_seconds_count{op=\"read\",outcome=\"ok\",provider=\"local\"} 43",
            "unsealfs_source_requests_seconds_sum{op=\"read\",outcome=\"ok\",provider=\"local\"} 7",
            "unsealfs_source_requests_seconds_count{op=\"read\",outcome=\"failed\",provider=\"local\"} 46",
            "unsealfs_source_requests_seconds_sum{op=\"read\",outcome=\"failed\",provider=\"local\"} 8")) {
      assertTrue(text.contains("\n" + line), line + " is not in\n" + text);
    }
    assertFalse(text.contains("unsealfs_chunk"), text);
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
