package io.unsealfs.key.cdh;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.unsealfs.http.HttpEndpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A data hub's REST interface as its protocol describes it: GET of a resource answers its bytes;
 * what is missing, refused or out of reach answers 500 with a text; without the feature 404.
 */
final class DataHubDouble implements AutoCloseable {
  /** What it does to the next requests. */
  enum Mood {
    OBLIGING,
    WITHOUT_THE_FEATURE,
    FOR_OTHERS,
    BROKER_REFUSES,
    BROKER_OUT_OF_REACH,
    CHUNKED,
    ELSEWHERE
  }

  private final HttpServer server;
  private final Map<String, byte[]> resources = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<Mood> moods = new CopyOnWriteArrayList<>();

  private DataHubDouble(HttpServer server) {
    this.server = server;
  }

  /** Starts one; port 0 for any that is free. */
  static DataHubDouble start(int port) throws IOException {
    HttpEndpoint.setBounds(); // or tests of it that come later find the JDK's server without
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    DataHubDouble hub = new DataHubDouble(server);
    server.createContext("/", hub::serve);
    server.start();
    return hub;
  }

  HubAddress address() throws IOException {
    return HubAddress.parse("http://127.0.0.1:" + server.getAddress().getPort());
  }

  DataHubDouble with(String path, byte[] bytes) {
    resources.put(path, bytes);
    return this;
  }

  /** Moods of the next requests, in order; obliging afterwards. */
  DataHubDouble in(Mood... next) {
    moods.addAll(List.of(next));
    return this;
  }

  /** Method and path of every request. */
  List<String> requests() {
    return List.copyOf(requests);
  }

  private void serve(HttpExchange exchange) throws IOException {
    requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
    Mood mood = moods.isEmpty() ? Mood.OBLIGING : moods.removeFirst();
    String path = exchange.getRequestURI().getPath();
    switch (mood) {
      case WITHOUT_THE_FEATURE -> answer(exchange, 404, "Resource Feature Not Enabled");
      case FOR_OTHERS -> answer(exchange, 403, "");
      case BROKER_REFUSES ->
          answer(exchange, 500, "get resource: \u0007 kbs client: request\nunauthorized");
      case BROKER_OUT_OF_REACH -> answer(exchange, 500, "get resource: connection refused");
      case ELSEWHERE -> {
        exchange.getResponseHeaders().add("Location", "http://192.0.2.1/" + path);
        answer(exchange, 302, "");
      }
      case OBLIGING, CHUNKED -> {
        byte[] resource =
            path.startsWith("/cdh/resource/")
                ? resources.get(path.substring("/cdh/resource".length()))
                : null;
        if (!path.startsWith("/cdh/resource/")) {
          answer(exchange, 404, "URL NOT FOUND");
        } else if (resource == null) {
          answer(exchange, 500, "get resource: no such resource");
        } else {
          exchange.getResponseHeaders().add("Content-Type", "application/octet-stream");
          send(exchange, 200, resource, mood == Mood.CHUNKED);
        }
      }
    }
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    send(exchange, status, text.getBytes(UTF_8), false);
  }

  private static void send(HttpExchange exchange, int status, byte[] body, boolean chunked)
      throws IOException {
    exchange.sendResponseHeaders(status, chunked ? 0 : body.length == 0 ? -1 : body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      for (int from = 0; from < body.length; from += 1000) {
        out.write(body, from, Math.min(1000, body.length - from));
        out.flush();
      }
    } catch (IOException e) {
      // the client had heard enough
    } finally {
      exchange.close();
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
