package io.unsealfs.http;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.http.HttpEndpoint.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HttpEndpointTest {
  /** As {@link HttpEndpoint} has it. */
  private static final int MOST_CONNECTIONS = 64;

  private static final int CROWD = 3 * MOST_CONNECTIONS;
  private static final int PATIENCE_MILLIS = 30_000;

  private final HttpEndpoint endpoint = start();

  private static HttpEndpoint start() {
    try {
      return HttpEndpoint.start(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
          Map.of(
              "/good", () -> Answer.text(200, "good\n"),
              "/large", () -> Answer.text(200, "x".repeat(10_000_000)),
              "/bad",
                  () -> {
                    throw new IllegalStateException("broken");
                  }));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterEach
  void close() {
    endpoint.close();
  }

  private String ask(String request) throws IOException {
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), endpoint.address().getPort())) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket
          .getOutputStream()
          .write(
              (request + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    } catch (SocketException e) {
      return ""; // a reset instead of an answer
    }
  }

  @Test
  void itAnswersItsPagesAndNothingElse() throws IOException {
    assertTrue(ask("GET /good").startsWith("HTTP/1.1 200"));
    assertTrue(ask("GET /good").endsWith("good\n"));
    assertTrue(ask("GET /good?x=y").endsWith("good\n"));
    assertTrue(ask("HEAD /good").startsWith("HTTP/1.1 200"));
    assertTrue(ask("HEAD /good").endsWith("\r\n\r\n"));
    assertTrue(ask("GET /").startsWith("HTTP/1.1 404"));
    assertTrue(ask("GET /good/more").startsWith("HTTP/1.1 404"));
    assertTrue(ask("POST /good").startsWith("HTTP/1.1 405"));
    assertTrue(ask("DELETE /").startsWith("HTTP/1.1 405"));
  }

  @Test
  void aPageThatThrowsIsAnErrorAndNoEnd() throws IOException {
    String answer = ask("GET /bad");
    assertTrue(answer.startsWith("HTTP/1.1 500"), answer);
    assertEquals(-1, answer.indexOf("broken"));
    assertTrue(ask("GET /good").startsWith("HTTP/1.1 200"));
  }

  @Test
  void nonsenseIsNotAnswered() throws IOException {
    for (String request : new String[] {"GET", "\u0000\u0001", "GET http:// /", "GET /%zz"}) {
      String answer = ask(request);
      assertTrue(answer.isEmpty() || answer.matches("(?s)HTTP/1.1 4.*"), answer);
    }
    assertTrue(ask("GET /good").startsWith("HTTP/1.1 200"));
  }

  /** Opens a connection and sends a beginning; nobody waits for an answer. */
  private Socket begin(String beginning) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), endpoint.address().getPort());
    socket.setSoTimeout(PATIENCE_MILLIS);
    try {
      socket.getOutputStream().write(beginning.getBytes(StandardCharsets.US_ASCII));
    } catch (SocketException e) {
      // turned away already
    }
    return socket;
  }

  /** Whether the other side ends the connection; fails when it does not in half a minute. */
  private static void awaitEnd(Socket socket) throws IOException {
    try {
      byte[] _ = socket.getInputStream().readAllBytes();
    } catch (SocketException e) {
      // a reset is an end as well
    }
  }

  @Test
  void manyWhoAskSlowlyAreCutOffAndOthersAreAnsweredAgain() throws IOException {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < CROWD; i++) {
        slow.add(begin(i % 2 == 0 ? "GET /good HTTP/1.1\r\nHost:" : ""));
      }
      assertTrue(
          Thread.getAllStackTraces().keySet().stream()
                  .filter(thread -> thread.getName().startsWith("unsealfs-http-"))
                  .count()
              <= MOST_CONNECTIONS);
      for (Socket socket : slow) {
        awaitEnd(socket);
      }
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
    assertTrue(ask("GET /good").startsWith("HTTP/1.1 200"));
  }

  @Test
  void whoDoesNotReadTheAnswerIsCutOff() throws IOException {
    try (Socket socket = begin("GET /large HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2))) {
      assertTrue(ask("GET /good").startsWith("HTTP/1.1 200"));
      assertEquals('H', socket.getInputStream().read());
    }
    assertTrue(ask("GET /good").startsWith("HTTP/1.1 200"));
  }

  private static String headers() {
    return IntStream.range(0, 200).mapToObj(i -> "X-" + i + ": y\r\n").collect(joining());
  }

  @Test
  void longRequestsAreNotTakenIn() throws IOException {
    for (String more :
        new String[] {
          " HTTP/1.1\r\n" + headers(),
          " HTTP/1.1\r\nX: " + "y".repeat(100_000),
          "/" + "y".repeat(1_000_000)
        }) {
      String answer = ask("GET /good" + more);
      assertFalse(answer.startsWith("HTTP/1.1 200"), answer);
    }
    try (Socket socket =
        begin("POST /good HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nbegin")) {
      // the rest never comes, and nobody waits for it
      awaitEnd(socket);
    }
    assertTrue(ask("GET /good").startsWith("HTTP/1.1 200"));
  }
}
