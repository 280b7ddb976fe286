package io.unsealfs.daemon.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.daemon.status.HttpEndpoint.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HttpEndpointTest {
  private final HttpEndpoint endpoint = start();

  private static HttpEndpoint start() {
    try {
      return HttpEndpoint.start(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
          Map.of(
              "/good", () -> Answer.text(200, "good\n"),
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
      socket.setSoTimeout(30_000);
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
}
