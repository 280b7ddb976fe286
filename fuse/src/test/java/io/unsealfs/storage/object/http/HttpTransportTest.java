package io.unsealfs.storage.object.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.CancelledReadException;
import io.unsealfs.storage.object.StoreUnavailableException;
import io.unsealfs.storage.object.TruncatedObjectException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HttpTransportTest {
  private static final int LENGTH = 300_000;
  private static final HttpLimits LIMITS =
      new HttpLimits(2, Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofSeconds(30));

  @TempDir Path directory;

  private final byte[] bytes = new byte[LENGTH];
  private final AtomicInteger connections = new AtomicInteger();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private String headers = "";
  private int sent = LENGTH;
  private ServerSocket server;

  @BeforeEach
  void serve() throws IOException {
    for (int i = 0; i < LENGTH; i++) {
      bytes[i] = (byte) ((i * 31) >> 3);
    }
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual()
        .start(() -> {
          while (!server.isClosed()) {
            try {
              Socket socket = server.accept();
              connections.incrementAndGet();
              sockets.add(socket);
              Thread.ofVirtual().start(() -> answer(socket));
            } catch (IOException e) {
              return; // closed
            }
          }
        });
  }

  private void answer(Socket socket) {
    try (socket) {
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      OutputStream out = socket.getOutputStream();
      while (true) {
        String line = in.readLine();
        while (line != null && !line.isEmpty()) {
          line = in.readLine();
        }
        if (line == null) {
          return;
        }
        String head = "HTTP/1.1 206 Partial\r\nContent-Length: " + LENGTH + "\r\n" + headers;
        out.write((head + "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.write(bytes, 0, sent);
        out.flush();
        if (sent < LENGTH) {
          return;
        }
      }
    } catch (IOException e) {
      // the client is gone
    }
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  private HttpAnswer ask(HttpTransport transport) throws IOException {
    URI uri = URI.create("http://127.0.0.1:" + server.getLocalPort() + "/b/k");
    return transport.send(new HttpQuestion("GET", uri, Map.of("Range", List.of("bytes=0-")), ""));
  }

  private void readAll(HttpAnswer answer) throws IOException {
    try (answer) {
      assertArrayEquals(bytes, answer.body().readAllBytes());
    }
  }

  @Test
  void oneConnectionServesOneRequestAfterTheOther() throws IOException {
    try (HttpTransport transport = new HttpTransport(LIMITS)) {
      for (int i = 0; i < 5; i++) {
        readAll(ask(transport));
      }
    }
    assertEquals(1, connections.get());
  }

  @Test
  void bytesComeIntoMemoryOutsideOfTheHeapAsWellAsIntoArrays() throws IOException {
    try (HttpTransport transport = new HttpTransport(LIMITS)) {
      for (ByteBuffer all :
          List.of(
              ByteBuffer.allocateDirect(LENGTH),
              ByteBuffer.wrap(new byte[LENGTH + 9], 9, LENGTH))) {
        int start = all.position();
        try (HttpAnswer answer = ask(transport)) {
          while (all.hasRemaining()) {
            // also what came along with the header, cut into pieces
            int from = all.position();
            ByteBuffer piece = all.duplicate().limit(Math.min(all.limit(), from + 1000));
            int count = answer.body().read(piece);
            assertTrue(count > 0);
            assertEquals(from + count, piece.position());
            all.position(piece.position());
          }
          assertEquals(-1, answer.body().read(ByteBuffer.allocate(1)));
        }
        assertEquals(ByteBuffer.wrap(bytes), all.position(start));
      }
    }
    assertEquals(1, connections.get());
  }

  @Test
  void aServerThatSaysItClosesTheConnectionIsBelieved() throws IOException {
    for (String said : List.of("Connection: close\r\n", "Keep-Alive: timeout=0\r\n")) {
      headers = said;
      int before = connections.get();
      try (HttpTransport transport = new HttpTransport(LIMITS)) {
        readAll(ask(transport));
        readAll(ask(transport));
      }
      assertEquals(before + 2, connections.get(), said);
    }
  }

  @Test
  void aConnectionThatTheServerClosedMeanwhileIsNotUsed() throws Exception {
    try (HttpTransport transport = new HttpTransport(LIMITS)) {
      readAll(ask(transport));
      sockets.getFirst().close();
      TimeUnit.MILLISECONDS.sleep(2100);
      readAll(ask(transport));
    }
    assertEquals(2, connections.get());
  }

  @Test
  void aBodyThatNobodyReadsEndsItsConnection() throws IOException {
    try (HttpTransport transport = new HttpTransport(LIMITS)) {
      try (HttpAnswer answer = ask(transport)) {
        assertEquals(10, answer.body().read(ByteBuffer.allocate(10)));
      }
      readAll(ask(transport));
    }
    assertEquals(2, connections.get());
  }

  @Test
  void anAnswerCutShortIsNoAnswer() throws IOException {
    sent = LENGTH - 1;
    try (HttpTransport transport = new HttpTransport(LIMITS);
        HttpAnswer answer = ask(transport)) {
      ByteBuffer all = ByteBuffer.allocateDirect(LENGTH);
      assertThrows(
          TruncatedObjectException.class,
          () -> {
            while (true) {
              answer.body().read(all);
            }
          });
      assertEquals(LENGTH - 1, all.position());
    }
  }

  @Test
  void nobodyGetsMoreConnectionsThanAllowed() throws Exception {
    try (HttpTransport transport = new HttpTransport(LIMITS)) {
      HttpAnswer first = ask(transport);
      HttpAnswer second = ask(transport);
      CompletableFuture<HttpAnswer> third = later(transport, Cancellation.none());
      TimeUnit.MILLISECONDS.sleep(100);
      assertEquals(2, connections.get());
      readAll(first);
      readAll(third.get(30, TimeUnit.SECONDS));
      readAll(second);
      assertEquals(2, connections.get());
    }
  }

  @Test
  void whoWaitsForAConnectionCanBeCancelled() throws Exception {
    try (HttpTransport transport = new HttpTransport(LIMITS)) {
      HttpAnswer first = ask(transport);
      HttpAnswer second = ask(transport);
      Cancellation cancellation = new Cancellation();
      CompletableFuture<HttpAnswer> third = later(transport, cancellation);
      TimeUnit.MILLISECONDS.sleep(50);
      cancellation.cancel();
      Exception failure = assertThrows(Exception.class, () -> third.get(30, TimeUnit.SECONDS));
      assertTrue(
          Stream.<Throwable>iterate(failure, Objects::nonNull, Throwable::getCause)
              .anyMatch(CancelledReadException.class::isInstance));
      readAll(first);
      readAll(second);
      readAll(ask(transport));
      assertEquals(2, connections.get());
    }
  }

  @Test
  void aCancellationAfterTheEndDoesNotTouchWhoUsesTheConnectionNext() throws IOException {
    try (HttpTransport transport = new HttpTransport(LIMITS)) {
      Cancellation late = new Cancellation();
      HttpAnswer first =
          ScopedValue.where(HttpTransport.CANCELLATION, late).call(() -> ask(transport));
      assertArrayEquals(bytes, first.body().readAllBytes());
      HttpAnswer second = ask(transport);
      late.cancel();
      first.close();
      readAll(second);
    }
    assertEquals(1, connections.get());
  }

  private CompletableFuture<HttpAnswer> later(HttpTransport transport, Cancellation cancellation) {
    return CompletableFuture.supplyAsync(() -> {
      try {
        return ScopedValue.where(HttpTransport.CANCELLATION, cancellation)
            .call(() -> ask(transport));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
  }

  @Test
  void aServerIsTrustedByItsCertificateAndItsNameAlone() throws Exception {
    KeyStore ours = certificate("ours", "ip:127.0.0.1");
    KeyStore other = certificate("other", "dns:elsewhere.example");
    for (boolean right : List.of(true, false)) {
      HttpsServer tls =
          HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      tls.setHttpsConfigurator(new HttpsConfigurator(context(right ? ours : other, ours)));
      AtomicInteger asked = new AtomicInteger();
      tls.createContext(
          "/",
          exchange -> {
            asked.incrementAndGet();
            exchange.sendResponseHeaders(206, LENGTH);
            exchange.getResponseBody().write(bytes);
            exchange.close();
          });
      tls.start();
      URI uri = URI.create("https://127.0.0.1:" + tls.getAddress().getPort() + "/k");
      HttpQuestion question =
          new HttpQuestion("GET", uri, Map.of("Range", List.of("bytes=0-")), "");
      try (HttpTransport trusting = new HttpTransport(LIMITS, () -> context(ours, ours, other));
          HttpTransport usual = new HttpTransport(LIMITS)) {
        if (right) {
          for (int i = 0; i < 2; i++) {
            ByteBuffer all = ByteBuffer.allocateDirect(LENGTH);
            try (HttpAnswer answer = trusting.send(question)) {
              while (all.hasRemaining()) {
                assertTrue(answer.body().read(all) > 0);
              }
              assertEquals(-1, answer.body().read(ByteBuffer.allocate(1)));
            }
            assertEquals(ByteBuffer.wrap(bytes), all.flip());
          }
        } else {
          // known, but of another host
          assertRefused(trusting, question);
        }
        assertRefused(usual, question);
        assertEquals(right ? 2 : 0, asked.get());
      } finally {
        tls.stop(0);
      }
    }
  }

  private static void assertRefused(HttpTransport transport, HttpQuestion question) {
    StoreUnavailableException e =
        assertThrows(StoreUnavailableException.class, () -> transport.send(question));
    String said = String.valueOf(e.getMessage());
    assertTrue(said.endsWith("TLS failed; check the endpoint's certificate"), said);
  }

  private KeyStore certificate(String name, String subject) throws Exception {
    Path store = directory.resolve(name);
    List<String> words =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin/keytool").toString()));
    words.addAll(List.of("-genkeypair", "-keyalg", "EC", "-alias", name, "-dname", "CN=" + name));
    words.addAll(List.of("-ext", "san=" + subject, "-keystore", store.toString()));
    words.addAll(List.of("-storepass", "changeit", "-storetype", "PKCS12"));
    Process made =
        new ProcessBuilder(words)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile())
            .start();
    assertTrue(made.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, made.exitValue(), Files.readString(directory.resolve("log")));
    return KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
  }

  private static SSLContext context(KeyStore key, KeyStore... trusted) {
    try {
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(key, "changeit".toCharArray());
      KeyStore all = KeyStore.getInstance("PKCS12");
      all.load(null, null);
      for (KeyStore one : trusted) {
        String alias = one.aliases().nextElement();
        all.setCertificateEntry(alias, one.getCertificate(alias));
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(all);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
