package io.unsealfs.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Answers GET and HEAD of a few fixed paths over plain HTTP; ops-conventions.md section 3.3. Bounds
 * how many may ask at a time and how long each may take over it, so that a slow one is cut off and
 * costs no more than its connection.
 */
public final class HttpEndpoint implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.unsealfs.http");
  private static final int BACKLOG = 16;

  /** The JDK's server reads them once, when its first instance is made. */
  private static final Map<String, String> BOUNDS =
      Map.of(
          "jdk.httpserver.maxConnections", "64",
          "sun.net.httpserver.maxReqTime", "5",
          "sun.net.httpserver.maxRspTime", "15",
          "sun.net.httpserver.idleInterval", "10",
          "sun.net.httpserver.maxReqHeaders", "50",
          "sun.net.httpserver.maxReqHeaderSize", "16384",
          "sun.net.httpserver.drainAmount", "4096");

  /**
   * More than there are connections. Not virtual: a BufferedWriter in one grows from 512 characters
   * in single steps, and a page of metrics leaves 20 MB of garbage behind instead of one.
   */
  private static final int MOST_THREADS = 80;

  private static final int STACK_BYTES = 512 << 10;
  private static final int IDLE_SECONDS = 10;

  /**
   * One answer.
   *
   * @param status of HTTP
   * @param type its content type
   */
  public record Answer(int status, String type, String text) {
    /** Plain text. */
    public static Answer text(int status, String text) {
      return new Answer(status, "text/plain; charset=utf-8", text);
    }
  }

  private final HttpServer server;
  private final ExecutorService threads =
      new ThreadPoolExecutor(
          0,
          MOST_THREADS,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform().daemon().name("unsealfs-http-", 0).stackSize(STACK_BYTES).factory());

  private HttpEndpoint(HttpServer server) {
    this.server = server;
  }

  /**
   * Starts to answer.
   *
   * @param pages what to answer, by path such as {@code /metrics}
   * @throws IOException if nothing can listen there
   */
  public static HttpEndpoint start(InetSocketAddress address, Map<String, Supplier<Answer>> pages)
      throws IOException {
    setBounds();
    HttpEndpoint endpoint = new HttpEndpoint(HttpServer.create(address, BACKLOG));
    endpoint.server.createContext("/", exchange -> serve(exchange, pages));
    endpoint.server.setExecutor(endpoint.threads);
    endpoint.server.start();
    return endpoint;
  }

  /**
   * Tells the JDK's server its bounds. {@link #start} does so too, but too late in a process that
   * made another server of it before.
   */
  public static void setBounds() {
    BOUNDS.forEach((name, value) -> {
      if (System.getProperty(name) == null) {
        System.setProperty(name, value);
      }
    });
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return server.getAddress();
  }

  private static void serve(HttpExchange exchange, Map<String, Supplier<Answer>> pages)
      throws IOException {
    try (exchange) {
      String method = exchange.getRequestMethod();
      boolean head = method.equals("HEAD");
      Answer answer =
          head || method.equals("GET")
              ? page(pages, exchange.getRequestURI().getPath())
              : Answer.text(405, "only GET and HEAD\n");
      byte[] body = answer.text().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", answer.type());
      exchange.getResponseHeaders().set("Cache-Control", "no-store");
      exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
      if (answer.status() == 405) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
      }
      if (head) {
        exchange.sendResponseHeaders(answer.status(), -1);
      } else {
        exchange.sendResponseHeaders(answer.status(), body.length);
        exchange.getResponseBody().write(body);
      }
    }
  }

  private static Answer page(Map<String, Supplier<Answer>> pages, String path) {
    Supplier<Answer> page = pages.get(path);
    if (page == null) {
      return Answer.text(404, "there are " + new TreeSet<>(pages.keySet()) + "\n");
    }
    try {
      return page.get();
    } catch (RuntimeException | Error e) {
      // whoever asks must get an answer, and reads must not suffer
      LOG.log(Level.WARNING, "an HTTP request could not be answered", e);
      return Answer.text(500, "failed; see the log\n");
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
