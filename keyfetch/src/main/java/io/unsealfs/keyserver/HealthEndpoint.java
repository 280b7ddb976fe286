package io.unsealfs.keyserver;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;

/**
 * Answers {@code /healthz} (the process lives) and {@code /readyz} (it takes requests) over plain
 * HTTP; says nothing else.
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
  static HealthEndpoint start(InetSocketAddress address, BooleanSupplier ready)
      throws KeyServerConfigException {
    try {
      HealthEndpoint endpoint = new HealthEndpoint(HttpServer.create(address, BACKLOG));
      endpoint.server.createContext("/healthz", exchange -> answer(exchange, "/healthz", true));
      endpoint.server.createContext(
          "/readyz", exchange -> answer(exchange, "/readyz", ready.getAsBoolean()));
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

  private static void answer(HttpExchange exchange, String path, boolean good) throws IOException {
    try (exchange) {
      int status =
          !exchange.getRequestURI().getPath().equals(path)
              ? 404
              : !exchange.getRequestMethod().equals("GET") ? 405 : good ? 200 : 503;
      byte[] body = (status == 200 ? "ok\n" : "no\n").getBytes(StandardCharsets.US_ASCII);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
