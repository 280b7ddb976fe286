package io.unsealfs.keyserver;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Answers {@code /healthz} (the process lives), {@code /readyz} (it takes requests) and {@code
 * /metrics} (what it counted) over plain HTTP; says nothing else.
 */
final class HealthEndpoint implements AutoCloseable {
  private static final int BACKLOG = 16;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  private HealthEndpoint(HttpServer server) {
    this.server = server;
  }

  /**
   * Starts it.
   *
   * @throws KeyServerConfigException if it cannot listen there
   */
  static HealthEndpoint start(
      InetSocketAddress address, BooleanSupplier ready, Supplier<Optional<String>> metrics)
      throws KeyServerConfigException {
    try {
      HealthEndpoint endpoint = new HealthEndpoint(HttpServer.create(address, BACKLOG));
      endpoint.server.createContext("/healthz", exchange -> probe(exchange, "/healthz", true));
      endpoint.server.createContext(
          "/readyz", exchange -> probe(exchange, "/readyz", ready.getAsBoolean()));
      endpoint.server.createContext("/metrics", exchange -> figures(exchange, metrics));
      endpoint.server.setExecutor(endpoint.threads);
      endpoint.server.start();
      return endpoint;
    } catch (IOException e) {
      throw new KeyServerConfigException("health address " + address + ": cannot listen there", e);
    }
  }

  InetSocketAddress address() {
    return server.getAddress();
  }

  private static void probe(HttpExchange exchange, String path, boolean good) throws IOException {
    answer(exchange, path, good ? 200 : 503, good ? "ok\n" : "no\n", "text/plain");
  }

  private static void figures(HttpExchange exchange, Supplier<Optional<String>> metrics)
      throws IOException {
    Optional<String> text = metrics.get();
    answer(
        exchange,
        "/metrics",
        text.isPresent() ? 200 : 404,
        text.orElse("no\n"),
        "text/plain; version=0.0.4; charset=utf-8");
  }

  private static void answer(
      HttpExchange exchange, String path, int status, String text, String type) throws IOException {
    try (exchange) {
      boolean isPath = exchange.getRequestURI().getPath().equals(path);
      boolean isGet = exchange.getRequestMethod().equals("GET");
      byte[] body = (isPath && isGet ? text : "no\n").getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.sendResponseHeaders(!isPath ? 404 : !isGet ? 405 : status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
