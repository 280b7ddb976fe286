package io.unsealfs.keyserver;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.proto.v1.SecretReply;
import io.unsealfs.key.proto.v1.SecretRequest;
import io.unsealfs.key.wire.DenialReason;
import io.unsealfs.key.wire.HpkeKeyPair;
import io.unsealfs.key.wire.IdentityKey;
import io.unsealfs.key.wire.TermsCodec;
import io.unsealfs.key.wire.WireLimits;
import io.unsealfs.keyserver.StubClient.Conversation;
import io.unsealfs.verify.Appraisal;
import io.unsealfs.verify.Appraiser;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyServerTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2027-01-01T00:00:00Z"), ZoneOffset.UTC);
  private static final String SAMPLE = "allow_sample: true";

  @TempDir Path directory = Path.of("");

  private final AtomicLong nanos = new AtomicLong();
  private KeyServerFixture files;

  @BeforeEach
  void makeFiles() throws IOException {
    files = new KeyServerFixture(directory);
  }

  private KeyServer start(String more) throws IOException {
    return start(more, Appraisers.standard());
  }

  private KeyServer start(String more, Appraisers appraisers) throws IOException {
    return KeyServer.start(files.config(more), CLOCK, nanos::get, appraisers, new HeapMemory());
  }

  private static StatusRuntimeException refused(StubClient client, SecretRequest request) {
    return assertThrows(StatusRuntimeException.class, () -> client.ask(request));
  }

  private static void assertDenied(DenialReason reason, StubClient client, SecretRequest request) {
    StatusRuntimeException e = refused(client, request);
    assertEquals(Status.Code.PERMISSION_DENIED, e.getStatus().getCode(), e.toString());
    assertEquals(reason, reason(e));
  }

  private static DenialReason reason(StatusRuntimeException e) {
    Metadata trailers = e.getTrailers();
    byte[] trailer = trailers == null ? null : trailers.get(Denied.TRAILER);
    return trailer == null ? DenialReason.UNSPECIFIED : DenialReason.decode(trailer);
  }

  @Test
  void theSecretComesSealedSignedAndWithItsTerms() throws IOException {
    try (KeyServer server = start(SAMPLE);
        StubClient client = new StubClient(server.port())) {
      Conversation conversation = client.begin("model");
      SecretReply reply = client.ask(conversation.request());
      assertArrayEquals(KeyServerFixture.SECRET, conversation.open(reply));
      SecretTerms terms = TermsCodec.decode(reply.getTerms().toByteArray(), true);
      assertEquals(Optional.of(KeyServerFixture.DIGEST), terms.volumeDigest());
      assertEquals(Optional.of(Instant.parse("2040-01-01T00:00:00Z")), terms.expiry());
      assertEquals(60_000, conversation.challenge().getLifetimeMs());
      Conversation bare = client.begin("bare");
      assertArrayEquals(KeyServerFixture.SECRET, bare.open(client.ask(bare.request())));
    }
    List<String> lines = files.auditLines();
    assertEquals(2, lines.size());
    assertTrue(lines.get(0).contains("\"secret\":\"model\""), lines.get(0));
    assertTrue(lines.get(0).contains("\"verdict\":\"released\""), lines.get(0));
    assertTrue(lines.get(0).contains("\"peer\":\"127.0.0.1:"), lines.get(0));
  }

  @Test
  void aNonceDiesOnItsFirstUseWhateverTheOutcome() throws IOException {
    try (KeyServer server = start(SAMPLE);
        StubClient client = new StubClient(server.port())) {
      Conversation good = client.begin("model");
      assertArrayEquals(KeyServerFixture.SECRET, good.open(client.ask(good.request())));
      assertDenied(DenialReason.NONCE_INVALID, client, good.request());

      Conversation failed = client.begin("model");
      SecretRequest broken = failed.request().toBuilder().clearEvidence().build();
      assertDenied(DenialReason.EVIDENCE_UNSUPPORTED, client, broken);
      assertDenied(DenialReason.NONCE_INVALID, client, failed.request());

      Conversation malformed = client.begin("model");
      SecretRequest noKey = malformed.request().toBuilder().clearHpkePublicKey().build();
      assertEquals(Status.Code.INVALID_ARGUMENT, refused(client, noKey).getStatus().getCode());
      assertDenied(DenialReason.NONCE_INVALID, client, malformed.request());
    }
  }

  @Test
  void anOldAnInventedAndAForeignNonceAreRefused() throws IOException {
    try (KeyServer server = start(SAMPLE);
        KeyServer other = start(SAMPLE + "\naudit_log: other.jsonl");
        StubClient client = new StubClient(server.port());
        StubClient otherClient = new StubClient(other.port())) {
      Conversation old = client.begin("model");
      nanos.addAndGet(Duration.ofSeconds(61).toNanos());
      assertDenied(DenialReason.NONCE_INVALID, client, old.request());
      SecretRequest invented =
          client.begin("model").request().toBuilder()
              .setNonce(ByteString.copyFrom(new byte[32]))
              .build();
      assertDenied(DenialReason.NONCE_INVALID, client, invented);
      assertDenied(DenialReason.NONCE_INVALID, client, otherClient.begin("model").request());
    }
  }

  @Test
  void evidenceMustCoverEveryPartOfTheConversation() throws IOException {
    try (KeyServer server = start(SAMPLE);
        StubClient client = new StubClient(server.port())) {
      SecretRequest otherEvidence =
          client.begin("model").request().toBuilder()
              .setEvidence(client.begin("model").request().getEvidence())
              .build();
      assertDenied(DenialReason.BINDING_MISMATCH, client, otherEvidence);
      SecretRequest otherKey =
          client.begin("model").request().toBuilder()
              .setHpkePublicKey(client.begin("model").request().getHpkePublicKey())
              .build();
      assertDenied(DenialReason.BINDING_MISMATCH, client, otherKey);
      SecretRequest otherName =
          client.begin("expired").request().toBuilder().setSecretName("model").build();
      assertDenied(DenialReason.BINDING_MISMATCH, client, otherName);
    }
    String line = files.auditLines().get(0);
    assertTrue(line.contains("\"name\":\"report_data\",\"expected\":\""), line);
  }

  @Test
  void theExpectedValueIsNotToldToTheCaller() throws IOException {
    try (KeyServer server = start(SAMPLE);
        StubClient client = new StubClient(server.port())) {
      Conversation conversation = client.begin("model");
      SecretRequest wrong =
          conversation.request().toBuilder()
              .setEvidence(client.begin("model").request().getEvidence())
              .build();
      StatusRuntimeException e = refused(client, wrong);
      String expected = HexFormat.of().formatHex(conversation.transcript().reportData().toBytes());
      assertTrue(files.auditLines().get(0).contains(expected));
      assertFalse((e.getStatus() + " " + e.getTrailers()).contains(expected));
    }
  }

  @Test
  void unknownAndRefusedSecretsAreAnsweredAlike() throws IOException {
    try (KeyServer server = start(SAMPLE);
        StubClient client = new StubClient(server.port())) {
      StatusRuntimeException unknown = refused(client, client.begin("nothing").request());
      StatusRuntimeException expired = refused(client, client.begin("expired").request());
      assertEquals(DenialReason.NOT_RELEASED, reason(unknown));
      assertEquals(unknown.getStatus().toString(), expired.getStatus().toString());
      assertEquals(String.valueOf(unknown.getTrailers()), String.valueOf(expired.getTrailers()));
    }
    List<String> lines = files.auditLines();
    assertTrue(lines.get(0).contains("unknown secret"), lines.get(0));
    assertTrue(lines.get(1).contains("expired at 2020-01-01"), lines.get(1));
  }

  @Test
  void evidenceThatCannotBeVerifiedIsRefusedForThatReason() throws IOException {
    try (KeyServer server = start(SAMPLE);
        StubClient client = new StubClient(server.port())) {
      for (String type : new String[] {"tdx", "none", "sgx", ""}) {
        SecretRequest request = client.begin("model").request();
        SecretRequest typed =
            request.toBuilder()
                .setEvidence(request.getEvidence().toBuilder().setType(type))
                .build();
        assertDenied(DenialReason.EVIDENCE_UNSUPPORTED, client, typed);
      }
    }
    assertTrue(files.auditLines().get(0).contains("without it tdx evidence cannot be verified"));
  }

  @Test
  void sampleEvidenceIsRefusedUnlessAllowed() throws IOException {
    try (KeyServer server = start("");
        StubClient client = new StubClient(server.port())) {
      assertDenied(DenialReason.EVIDENCE_UNSUPPORTED, client, client.begin("model").request());
    }
    assertTrue(files.auditLines().get(0).contains("allow_sample"));
  }

  @Test
  void malformedEvidenceIsRefusedAsMalformed() throws IOException {
    try (KeyServer server = start(SAMPLE);
        StubClient client = new StubClient(server.port())) {
      SecretRequest request = client.begin("model").request();
      ByteString document = request.getEvidence().getQuote();
      assertDenied(
          DenialReason.EVIDENCE_MALFORMED,
          client,
          withQuote(client, document.substring(0, document.size() - 1)));
      assertDenied(DenialReason.EVIDENCE_MALFORMED, client, withQuote(client, ByteString.EMPTY));
      assertDenied(
          DenialReason.EVIDENCE_MALFORMED,
          client,
          withQuote(client, ByteString.copyFrom(new byte[WireLimits.MAX_QUOTE_BYTES + 1])));
      SecretRequest withLog =
          request.toBuilder()
              .setEvidence(
                  request.getEvidence().toBuilder().setEventLog(ByteString.copyFromUtf8("x")))
              .build();
      assertDenied(DenialReason.EVIDENCE_MALFORMED, client, withLog);
    }
  }

  private static SecretRequest withQuote(StubClient client, ByteString quote) throws IOException {
    SecretRequest request = client.begin("model").request();
    return request.toBuilder()
        .setEvidence(request.getEvidence().toBuilder().setQuote(quote))
        .build();
  }

  @Test
  void aMessageAboveTheLimitIsNotRead() throws IOException {
    try (KeyServer server = start(SAMPLE);
        StubClient client = new StubClient(server.port())) {
      SecretRequest huge =
          withQuote(client, ByteString.copyFrom(new byte[WireLimits.MAX_REQUEST_BYTES]));
      assertEquals(Status.Code.RESOURCE_EXHAUSTED, refused(client, huge).getStatus().getCode());
      Conversation next = client.begin("model");
      assertArrayEquals(KeyServerFixture.SECRET, next.open(client.ask(next.request())));
    }
    assertEquals(1, files.auditLines().size());
  }

  @Test
  void namesThatCannotBeNamesAreInvalid() throws IOException {
    try (KeyServer server = start(SAMPLE);
        StubClient client = new StubClient(server.port())) {
      for (String name : new String[] {"", "a\nb", "x".repeat(WireLimits.MAX_NAME_BYTES + 1)}) {
        SecretRequest request =
            client.begin("model").request().toBuilder().setSecretName(name).build();
        assertEquals(Status.Code.INVALID_ARGUMENT, refused(client, request).getStatus().getCode());
      }
    }
  }

  @Test
  void hpkeKeysThatAreNoKeysAreInvalidEvenWithFittingEvidence() throws IOException {
    // all-zero and other points of low order (RFC 7748 section 6.1), each with evidence over it
    String[] points = {
      "00".repeat(32),
      "01" + "00".repeat(31),
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    Appraisers acceptAll = new Appraisers(List.of(accepting()));
    try (KeyServer server = start(SAMPLE, acceptAll);
        StubClient client = new StubClient(server.port())) {
      for (String point : points) {
        SecretRequest request =
            client.begin("model").request().toBuilder()
                .setHpkePublicKey(ByteString.copyFrom(HexFormat.of().parseHex(point)))
                .build();
        StatusRuntimeException e = refused(client, request);
        assertEquals(Status.Code.INVALID_ARGUMENT, e.getStatus().getCode(), point + e);
      }
    }
    for (String line : files.auditLines()) {
      assertTrue(line.contains("\"verdict\":\"refused\""), line);
    }
  }

  private static Appraiser accepting() {
    return appraiser(() -> {});
  }

  private static Appraiser appraiser(Runnable during) {
    return new Appraiser() {
      @Override
      public String evidenceType() {
        return "sample";
      }

      @Override
      public Appraisal appraise(Evidence evidence, ReportData expected) {
        during.run();
        return Appraisal.ACCEPTED;
      }
    };
  }

  @Test
  void anUnexpectedFaultTellsTheCallerNothing() throws IOException {
    Appraisers broken =
        new Appraisers(
            List.of(
                appraiser(() -> {
                  throw new IllegalStateException("inner detail");
                })));
    try (KeyServer server = start(SAMPLE, broken);
        StubClient client = new StubClient(server.port())) {
      StatusRuntimeException e = refused(client, client.begin("model").request());
      assertEquals(Status.Code.INTERNAL, e.getStatus().getCode());
      assertNull(e.getStatus().getDescription());
    }
    assertTrue(files.auditLines().get(0).contains("\"verdict\":\"failed\""));
  }

  @Test
  void nothingIsReleasedWithoutAnAuditLine() throws IOException {
    boolean[] full = {false};
    AuditLog audit =
        AuditLog.to(
            Channels.newChannel(
                new OutputStream() {
                  @Override
                  public void write(int b) throws IOException {
                    if (full[0]) {
                      throw new IOException("no space left on device");
                    }
                  }
                }),
            CLOCK);
    full[0] = true;
    ReleasePolicy policy = KeyServerFixture.load(files.config(SAMPLE));
    NonceTable nonces = new NonceTable(10, Duration.ofSeconds(60), nanos::get);
    SecretService service =
        new SecretService(
            () -> {
              policy.acquire();
              return policy;
            },
            new Appraisers(List.of(accepting())),
            nonces,
            Duration.ofSeconds(60),
            ReleaseCounts.open(Optional.empty()),
            audit,
            KeyServerMonitor.NONE,
            CLOCK);
    SecretRequest request =
        SecretRequest.newBuilder()
            .setNonce(ByteString.copyFrom(nonces.issue()))
            .setSecretName("model")
            .setHpkePublicKey(ByteString.copyFrom(HpkeKeyPair.generate().publicKey()))
            .setEvidence(io.unsealfs.key.proto.v1.Evidence.newBuilder().setType("sample"))
            .build();
    RecordingObserver<SecretReply> caller = new RecordingObserver<>();
    service.getSecret(request, caller);
    assertEquals(0, caller.values());
    assertEquals(Status.Code.INTERNAL, Status.fromThrowable(caller.error()).getCode());
  }

  @Test
  void aFloodOfChallengesIsCutAndDoesNotStopWhoHoldsOne() throws IOException {
    String limits =
        SAMPLE
            + "\nlimits: {per_second: 10, burst: 20, per_second_per_peer: 5, burst_per_peer: 10}";
    try (KeyServer server = start(limits);
        StubClient client = new StubClient(server.port())) {
      Conversation honest = client.begin("model");
      int answered = 0;
      DenialReason last = DenialReason.UNSPECIFIED;
      for (int i = 0; i < 200; i++) {
        try {
          client.challenge();
          answered++;
        } catch (StatusRuntimeException e) {
          assertEquals(Status.Code.RESOURCE_EXHAUSTED, e.getStatus().getCode());
          last = reason(e);
        }
      }
      assertEquals(9, answered);
      assertEquals(DenialReason.RATE_LIMITED, last);
      assertArrayEquals(KeyServerFixture.SECRET, honest.open(client.ask(honest.request())));
      assertEquals(2, files.auditLines().size(), "one line for the flood, one for the secret");
      nanos.addAndGet(Duration.ofSeconds(1).toNanos());
      client.challenge();
    }
  }

  @Test
  void aReloadPutsSecretsPolicyAndIdentityIntoForceAtOnce() throws IOException {
    try (KeyServer server = start(SAMPLE);
        StubClient client = new StubClient(server.port())) {
      String pin = server.identityPin();
      Conversation before = client.begin("model");
      files.addSecret("model", "another".getBytes(UTF_8));
      server.reload(files.configFile(SAMPLE));
      assertEquals(pin, server.identityPin());
      assertArrayEquals("another".getBytes(UTF_8), before.open(client.ask(before.request())));

      files.secretFile("identity.pem", IdentityKey.generatePem());
      server.reload(files.configFile(""));
      assertNotEquals(pin, server.identityPin());
      assertDenied(DenialReason.EVIDENCE_UNSUPPORTED, client, client.begin("model").request());
    }
  }

  @Test
  void aBadReloadKeepsWhatWasInForce() throws IOException {
    try (KeyServer server = start(SAMPLE);
        StubClient client = new StubClient(server.port())) {
      Path unknownKey = files.configFile(SAMPLE + "\ncolour: red");
      assertThrows(KeyServerConfigException.class, () -> server.reload(unknownKey));
      Path otherLimits = files.configFile(SAMPLE + "\nlimits: {burst: 3}");
      KeyServerConfigException e =
          assertThrows(KeyServerConfigException.class, () -> server.reload(otherLimits));
      assertTrue(String.valueOf(e.getMessage()).contains("limits"));
      files.secretFile("model.wrapped", "{}".getBytes(UTF_8));
      Path badSecret = files.configFile(SAMPLE);
      assertThrows(KeyServerConfigException.class, () -> server.reload(badSecret));
      Conversation conversation = client.begin("model");
      assertArrayEquals(
          KeyServerFixture.SECRET, conversation.open(client.ask(conversation.request())));
    }
  }

  @Test
  void aRequestInFlightOutlivesTheReloadThatReplacesItsKeys() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Appraisers slow = new Appraisers(List.of(waiting(inside, goOn)));
    try (KeyServer server = start(SAMPLE, slow);
        StubClient client = new StubClient(server.port());
        ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Conversation conversation = client.begin("model");
      Future<SecretReply> reply = threads.submit(() -> client.ask(conversation.request()));
      inside.await();
      server.reload(files.configFile(SAMPLE));
      goOn.countDown();
      assertArrayEquals(KeyServerFixture.SECRET, conversation.open(reply.get()));
    }
  }

  @Test
  void aStopLetsRequestsInFlightFinish() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Appraisers slow = new Appraisers(List.of(waiting(inside, goOn)));
    try (KeyServer server = start(SAMPLE + "\nshutdown_grace_seconds: 600", slow);
        StubClient client = new StubClient(server.port());
        ExecutorService threads = Executors.newFixedThreadPool(2)) {
      int port = server.port();
      Conversation conversation = client.begin("model");
      Future<SecretReply> reply = threads.submit(() -> client.ask(conversation.request()));
      inside.await();
      Future<?> stop = threads.submit(server::close);
      while (accepts(port)) {
        Thread.onSpinWait();
      }
      assertFalse(stop.isDone());
      goOn.countDown();
      assertArrayEquals(KeyServerFixture.SECRET, conversation.open(reply.get()));
      stop.get();
    }
    assertTrue(files.auditLines().get(0).contains("released"));
  }

  @Test
  void aStopEndsRequestsThatOutlastTheGrace() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    Appraisers stuck = new Appraisers(List.of(waiting(inside, never)));
    try (KeyServer server = start(SAMPLE + "\nshutdown_grace_seconds: 0", stuck);
        StubClient client = new StubClient(server.port());
        ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Conversation conversation = client.begin("model");
      Future<StatusRuntimeException> end =
          threads.submit(() -> refused(client, conversation.request()));
      inside.await();
      Runnable stop = server::close;
      stop.run();
      assertNotEquals(Status.Code.DEADLINE_EXCEEDED, end.get().getStatus().getCode());
      never.countDown();
    }
  }

  private static Appraiser waiting(CountDownLatch inside, CountDownLatch goOn) {
    return appraiser(() -> {
      inside.countDown();
      try {
        goOn.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void onlyTls13IsSpoken() throws IOException {
    try (KeyServer server = start(SAMPLE);
        StubClient old = new StubClient(server.port(), "TLSv1.2")) {
      StatusRuntimeException e = assertThrows(StatusRuntimeException.class, old::challenge);
      assertEquals(Status.Code.UNAVAILABLE, e.getStatus().getCode());
    }
  }

  @Test
  void connectionsAboveTheLimitAreClosedAndRoomIsReused() throws IOException {
    try (KeyServer server = start(SAMPLE + "\nlimits: {connections: 2}");
        StubClient client = new StubClient(server.port())) {
      client.challenge();
      InetAddress local = InetAddress.ofLiteral("127.0.0.1");
      try (Socket second = new Socket(local, server.port());
          Socket third = new Socket(local, server.port())) {
        assertTrue(second.isConnected());
        assertEquals(-1, third.getInputStream().read(), "closed by the server");
      }
      client.challenge();
    }
  }

  @Test
  void aConnectionThatSaysNothingMakesRoomAfterAWhile() throws IOException {
    try (KeyServer server = start(SAMPLE + "\nlimits: {connections: 1}");
        StubClient client = new StubClient(server.port())) {
      InetAddress local = InetAddress.ofLiteral("127.0.0.1");
      try (Socket silent = new Socket(local, server.port())) {
        try (Socket tooMany = new Socket(local, server.port())) {
          assertEquals(-1, tooMany.getInputStream().read(), "the silent one is in");
        }
        nanos.addAndGet(Duration.ofSeconds(3).toNanos());
        client.challenge();
        assertEquals(-1, silent.getInputStream().read(), "closed for the other one");
        try (Socket another = new Socket(local, server.port())) {
          nanos.addAndGet(Duration.ofSeconds(3).toNanos());
          assertEquals(-1, another.getInputStream().read(), "a finished handshake keeps its room");
        }
      }
      client.challenge();
    }
  }

  @Test
  void healthSaysReadyOnlyWhileItIs() throws Exception {
    try (HttpClient http = HttpClient.newHttpClient();
        KeyServer server = start(SAMPLE + "\nhealth: 127.0.0.1:0")) {
      String base = "http://127.0.0.1:" + server.healthPort().orElseThrow();
      assertEquals(200, get(http, base + "/healthz"));
      assertEquals(200, get(http, base + "/readyz"));
      assertEquals(404, get(http, base + "/healthz/more"));
      assertEquals(404, get(http, base + "/"));
      Runnable stop = server::close;
      stop.run();
      assertThrows(IOException.class, () -> get(http, base + "/healthz"));
    }
    try (KeyServer server = start(SAMPLE)) {
      assertTrue(server.healthPort().isEmpty(), "off unless configured");
    }
  }

  private static int get(HttpClient http, String uri) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(uri)).build();
    return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  @Test
  void filesThatCannotBeUsedStopTheStartInOneLine() throws IOException {
    KeyServerConfig config = files.config(SAMPLE);
    for (String name : new String[] {"identity.pem", "kek", "model.wrapped", "bare"}) {
      Path file = directory.resolve(name);
      byte[] good = Files.readAllBytes(file);
      Files.delete(file);
      assertBadStart(config, name);
      files.secretFile(name, new byte[0]);
      assertBadStart(config, name.replace(".wrapped", "").replace("bare", ""));
      files.secretFile(name, good);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
      assertBadStart(config, name);
      files.secretFile(name, good);
    }
    KeyServer.start(config, CLOCK, new HeapMemory()).close();
  }

  @Test
  void anAddressInUseIsNamed() throws IOException {
    try (KeyServer server = start(SAMPLE)) {
      String other = SAMPLE + "\naudit_log: other.jsonl";
      Path file = files.configFile(other);
      String taken = "127.0.0.1:" + server.port();
      Files.writeString(file, Files.readString(file).replace("127.0.0.1:0", taken));
      assertBadStart(KeyServerConfig.read(file), taken);
      assertBadStart(files.config(other + "\nhealth: " + taken), taken);
    }
  }

  private static void assertBadStart(KeyServerConfig config, String names) {
    String message =
        String.valueOf(
            assertThrows(
                    KeyServerConfigException.class,
                    () -> KeyServer.start(config, CLOCK, new HeapMemory()).close())
                .getMessage());
    assertTrue(message.contains(names), message);
    assertFalse(message.contains("\n"), message);
  }

  @Test
  void noSecretIsInTheAuditLogOrInWhatThingsSayOfThemselves() throws IOException {
    String secret = new String(KeyServerFixture.SECRET, UTF_8);
    String kek = "5a".repeat(32);
    KeyServerConfig config = files.config(SAMPLE);
    try (KeyServer server = start(SAMPLE);
        StubClient client = new StubClient(server.port());
        KeyEncryptionKey key = KeyEncryptionKey.read(directory.resolve("kek"), new HeapMemory())) {
      Conversation conversation = client.begin("model");
      SecretReply reply = client.ask(conversation.request());
      assertFalse(reply.toByteString().toString(UTF_8).contains(secret));
      refused(client, conversation.request());
      String said =
          String.join("\n", files.auditLines())
              + config
              + key
              + WrappedSecret.read(directory.resolve("model.wrapped"))
              + Files.readString(directory.resolve("model.wrapped"));
      assertFalse(said.contains(secret), said);
      assertFalse(said.contains(kek), said);
    }
  }

  @Test
  void closeCanBeCalledTwice() throws IOException {
    KeyServer server = start(SAMPLE);
    server.close();
    server.close();
    assertThrows(IllegalStateException.class, server::identityPin);
  }
}
