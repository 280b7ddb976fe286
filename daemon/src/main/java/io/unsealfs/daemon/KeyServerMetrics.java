package io.unsealfs.daemon;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.unsealfs.keyserver.KeyServerMonitor;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The figures of a key server as Prometheus reads them; listed in docs/keyserver.md. */
final class KeyServerMetrics implements KeyServerMonitor, AutoCloseable {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics collections = new JvmGcMetrics();
  private final Clock clock;
  private final Counter challenges = registry.counter("unsealfs.keyserver.challenges");
  private final Counter releases = registry.counter("unsealfs.keyserver.releases");
  private final Counter refusedConnections =
      registry.counter("unsealfs.keyserver.connections.refused");

  KeyServerMetrics(Clock clock, String version) {
    this.clock = clock;
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    collections.bindTo(registry);
    Gauge.builder("unsealfs.build", () -> 1).tag("version", version).register(registry);
  }

  @Override
  public void watch(Gauges gauges) {
    Gauge.builder("unsealfs.keyserver.connections", gauges, Gauges::connections)
        .description("Connections that are open")
        .strongReference(true)
        .register(registry);
    Gauge.builder("unsealfs.keyserver.collateral.expiry", gauges, this::secondsLeft)
        .description("Time until the first piece of collateral ends")
        .baseUnit("seconds")
        .strongReference(true)
        .register(registry);
    FunctionCounter.builder("unsealfs.keyserver.audit.lines", gauges, Gauges::auditLines)
        .description("Lines of the audit log's chain")
        .register(registry);
  }

  private double secondsLeft(Gauges gauges) {
    return gauges
        .collateralExpires()
        .map(end -> Duration.between(clock.instant(), end).toMillis() / 1000.0)
        .orElse(Double.NaN);
  }

  @Override
  public void challenged() {
    challenges.increment();
  }

  @Override
  public void released() {
    releases.increment();
  }

  @Override
  public void denied(String reason) {
    registry.counter("unsealfs.keyserver.denials", List.of(Tag.of("reason", reason))).increment();
  }

  @Override
  public void appraised(String tee, boolean genuine, long nanos) {
    Timer.builder("unsealfs.keyserver.appraisal")
        .tag("tee", tee)
        .tag("outcome", genuine ? "genuine" : "refused")
        .register(registry)
        .record(Duration.ofNanos(nanos));
  }

  @Override
  public void rateLimited(String call) {
    registry.counter("unsealfs.keyserver.rate.limited", List.of(Tag.of("call", call))).increment();
  }

  @Override
  public void connectionRefused() {
    refusedConnections.increment();
  }

  @Override
  public Optional<String> scrape() {
    return Optional.of(registry.scrape());
  }

  @Override
  public void close() {
    collections.close();
    registry.close();
  }
}
