package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.StatusRuntimeException;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.proto.v1.SecretRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is told to whoever publishes a key server's figures. */
class KeyServerMonitorTest {
  @TempDir Path directory = Path.of("");

  /** Writes everything down. */
  private static final class Witness implements KeyServerMonitor {
    private final List<String> said = new CopyOnWriteArrayList<>();
    private final List<Gauges> gauges = new CopyOnWriteArrayList<>();

    @Override
    public void watch(Gauges given) {
      gauges.add(given);
    }

    @Override
    public void challenged() {
      said.add("challenged");
    }

    @Override
    public void released() {
      said.add("released");
    }

    @Override
    public void denied(String reason) {
      said.add("denied " + reason);
    }

    @Override
    public void appraised(String tee, boolean genuine, long nanos) {
      said.add("appraised " + tee + " " + genuine + " " + (nanos > 0));
    }

    @Override
    public void rateLimited(String call) {
      said.add("limited " + call);
    }

    @Override
    public void connectionRefused() {
      said.add("refused");
    }

    @Override
    public Optional<String> scrape() {
      return Optional.of("figures\n");
    }
  }

  private KeyServer start(String more, KeyServerMonitor monitor) throws IOException {
    HeapMemory memory = new HeapMemory();
    return KeyServer.start(
        new KeyServerFixture(directory).config("allow_sample: true\nhealth: 127.0.0.1:0\n" + more),
        Clock.systemUTC(),
        memory,
        KekFetcher.credentials(memory, Optional.empty()),
        monitor);
  }

  private static SecretRequest ofType(SecretRequest request, String type) {
    return request.toBuilder().setEvidence(request.getEvidence().toBuilder().setType(type)).build();
  }

  @Test
  void releasesDenialsAndAppraisalsAreCountedWithoutAnythingTheCallerChooses() throws IOException {
    Witness witness = new Witness();
    try (KeyServer server = start("", witness);
        StubClient client = new StubClient(server.port())) {
      client.ask(client.begin("model").request());
      assertEquals(List.of("challenged", "appraised sample true true", "released"), witness.said);
      witness.said.clear();
      assertThrows(
          StatusRuntimeException.class,
          () -> client.ask(ofType(client.begin("model").request(), "whatever")));
      assertEquals(
          List.of("challenged", "appraised other false true", "denied EVIDENCE_UNSUPPORTED"),
          witness.said);
      witness.said.clear();
      assertThrows(
          StatusRuntimeException.class, () -> client.ask(client.begin("nothing").request()));
      assertEquals(
          List.of("challenged", "appraised sample true true", "denied NOT_RELEASED"), witness.said);
      KeyServerMonitor.Gauges gauges = witness.gauges.getFirst();
      assertEquals(1, gauges.connections());
      assertEquals(Optional.empty(), gauges.collateralExpires());
      assertEquals(4, gauges.auditLines(), "begin and three requests");
    }
  }

  @Test
  void callsAndConnectionsThatAreTooManyAreCounted() throws IOException {
    Witness witness = new Witness();
    try (KeyServer server =
            start("limits: {connections: 1, burst_per_peer: 1, per_second_per_peer: 1}", witness);
        StubClient client = new StubClient(server.port())) {
      client.challenge();
      assertThrows(
          StatusRuntimeException.class,
          () -> {
            for (int i = 0; i < 100; i++) {
              client.challenge();
            }
          });
      assertTrue(witness.said.contains("limited challenge"));
      try (Socket second = new Socket(InetAddress.ofLiteral("127.0.0.1"), server.port())) {
        assertEquals(-1, second.getInputStream().read());
      }
      assertTrue(witness.said.contains("refused"));
    }
  }

  @Test
  void figuresAreServedWhereSomebodyKeepsThem() throws Exception {
    try (KeyServer server = start("", new Witness())) {
      HttpResponse<String> answer = get(server);
      assertEquals(200, answer.statusCode());
      assertEquals("figures\n", answer.body());
      assertTrue(answer.headers().firstValue("Content-Type").orElse("").contains("version=0.0.4"));
    }
    try (KeyServer server = start("", KeyServerMonitor.NONE)) {
      assertEquals(404, get(server).statusCode());
    }
  }

  private static HttpResponse<String> get(KeyServer server)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + server.healthPort().orElseThrow() + "/metrics"))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }
}
