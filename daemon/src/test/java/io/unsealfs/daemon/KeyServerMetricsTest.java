package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.keyserver.KeyServerMonitor;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class KeyServerMetricsTest {
  private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

  private static void assertHas(String scraped, String line) {
    assertTrue(scraped.lines().anyMatch(line::equals), () -> line + " is not in\n" + scraped);
  }

  @Test
  void figuresHaveTheirDocumentedNames() {
    try (KeyServerMetrics metrics =
        new KeyServerMetrics(Clock.fixed(NOW, ZoneOffset.UTC), "1.2.3")) {
      metrics.watch(
          new KeyServerMonitor.Gauges() {
            @Override
            public int connections() {
              return 3;
            }

            @Override
            public Optional<Instant> collateralExpires() {
              return Optional.of(NOW.plusSeconds(3600));
            }

            @Override
            public long auditLines() {
              return 17;
            }
          });
      metrics.challenged();
      metrics.challenged();
      metrics.released();
      metrics.denied("NOT_RELEASED");
      metrics.appraised("tdx", true, TimeUnit.MILLISECONDS.toNanos(2));
      metrics.rateLimited("challenge");
      metrics.connectionRefused();
      String scraped = metrics.scrape().orElseThrow();
      assertHas(scraped, "unsealfs_keyserver_challenges_total 2.0");
      assertHas(scraped, "unsealfs_keyserver_releases_total 1.0");
      assertHas(scraped, "unsealfs_keyserver_denials_total{reason=\"NOT_RELEASED\"} 1.0");
      assertHas(
          scraped, "unsealfs_keyserver_appraisal_seconds_count{outcome=\"genuine\",tee=\"tdx\"} 1");
      assertHas(scraped, "unsealfs_keyserver_rate_limited_total{call=\"challenge\"} 1.0");
      assertHas(scraped, "unsealfs_keyserver_connections 3.0");
      assertHas(scraped, "unsealfs_keyserver_connections_refused_total 1.0");
      assertHas(scraped, "unsealfs_keyserver_collateral_expiry_seconds 3600.0");
      assertHas(scraped, "unsealfs_keyserver_audit_lines_total 17.0");
      assertHas(scraped, "unsealfs_build{version=\"1.2.3\"} 1.0");
      assertTrue(scraped.contains("jvm_memory_used_bytes"), scraped);
    }
  }
}
