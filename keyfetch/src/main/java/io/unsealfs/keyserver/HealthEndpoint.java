package io.unsealfs.keyserver;

import io.unsealfs.http.HttpEndpoint;
import io.unsealfs.http.HttpEndpoint.Answer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The key server's pages: {@code /healthz} (the process lives), {@code /readyz} (it takes requests)
 * and {@code /metrics} (what it counted).
 */
final class HealthEndpoint {
  private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private HealthEndpoint() {}

  /**
   * Starts to answer.
   *
   * @throws KeyServerConfigException if it cannot listen there
   */
  static HttpEndpoint start(
      InetSocketAddress address, BooleanSupplier ready, Supplier<Optional<String>> metrics)
      throws KeyServerConfigException {
    try {
      return HttpEndpoint.start(
          address,
          Map.of(
              "/healthz", () -> probe(true),
              "/readyz", () -> probe(ready.getAsBoolean()),
              "/metrics", () -> figures(metrics.get())));
    } catch (IOException e) {
      throw new KeyServerConfigException("health address " + address + ": cannot listen there", e);
    }
  }

  private static Answer probe(boolean good) {
    return Answer.text(good ? 200 : 503, good ? "ok\n" : "no\n");
  }

  private static Answer figures(Optional<String> text) {
    return text.map(figures -> new Answer(200, METRICS_TYPE, figures))
        .orElseGet(() -> Answer.text(404, "no\n"));
  }
}
