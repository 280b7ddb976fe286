package io.unsealfs.keyserver;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import io.grpc.stub.StreamObserver;
import io.unsealfs.attest.Attester;
import io.unsealfs.attest.NoneAttester;
import io.unsealfs.key.ClientCredentials;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.KeyDeniedException;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.ServerTrust;
import io.unsealfs.key.file.FileKeyProvider;
import io.unsealfs.key.grpc.GrpcKeyProvider;
import io.unsealfs.key.grpc.GrpcTimeouts;
import io.unsealfs.key.proto.v1.Challenge;
import io.unsealfs.key.proto.v1.ChallengeRequest;
import io.unsealfs.key.proto.v1.Evidence;
import io.unsealfs.key.proto.v1.PskProof;
import io.unsealfs.key.proto.v1.SecretReply;
import io.unsealfs.key.proto.v1.SecretRequest;
import io.unsealfs.key.proto.v1.SecretServiceGrpc;
import io.unsealfs.key.wire.DenialReason;
import io.unsealfs.key.wire.Transcript;
import io.unsealfs.keyserver.StubClient.Conversation;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Callers who prove who they are by a pre-shared key or a certificate. */
class CallersTest {
  private static final String KEY = "3f9c51d07a8be264c1f0a95d7e6b3821";
  private static final String OTHER_KEY = "b1a0c2d3e4f5968778695a4b3c2d1e0f";

  private static final String PSKS =
      """
      policy: policy.yaml
      psks:
        - {id: team-a, file: team-a.psk}
        - {id: team-b, wrapped_file: team-b.wrapped}
      """;

  @TempDir Path directory = Path.of("");
  private KeyServerFixture files;
  private final TestAuthority authority = new TestAuthority();
  private final TestAuthority.Client teamA = authority.client("team-a");
  private final TestAuthority.Client teamB = authority.client("team-b");

  @BeforeEach
  void makeFiles() throws IOException {
    files = new KeyServerFixture(directory);
    files.secretFile("team-a.psk", (KEY + "\n").getBytes(US_ASCII));
    files.secretFile("own.psk", KEY.getBytes(US_ASCII));
    files.secretFile("own-b.psk", OTHER_KEY.getBytes(US_ASCII));
    try (KeyEncryptionKey kek = KeyEncryptionKey.read(directory.resolve("kek"), new HeapMemory())) {
      WrappedSecret.wrap("psk:team-b", OTHER_KEY.getBytes(US_ASCII), kek)
          .writeTo(directory.resolve("team-b.wrapped"));
    }
    files.secretFile("clients.pem", authority.pem());
    write("a", teamA);
    write("b", teamB);
    write("stranger", new TestAuthority().client("team-a"));
    policy("{tee: none, requester_psk: [team-a]}");
  }

  private void write(String name, TestAuthority.Client client) throws IOException {
    files.secretFile(name + ".crt", client.certificatePem());
    files.secretFile(name + ".key", client.keyPem());
  }

  private void policy(String rule) throws IOException {
    Files.writeString(
        directory.resolve("policy.yaml"),
        """
        version: 1
        secrets:
          - {name: model, rules: [%s]}
          - {name: expired, sample: true}
          - {name: bare, rules: [%s]}
        """
            .formatted(rule, rule));
  }

  private KeyServerConfig config(String more) throws IOException {
    Path file = files.configFile(more);
    Files.writeString(file, Files.readString(file).replace("    evidence: [sample]\n", ""));
    return KeyServerConfig.read(file);
  }

  private KeyServer start(String more) throws IOException {
    return KeyServer.start(config(more), Clock.systemUTC(), new HeapMemory());
  }

  private static SecretRequest withProof(
      SecretRequest request, Transcript transcript, String id, String key) {
    return request.toBuilder()
        .setEvidence(Evidence.newBuilder().setType("none"))
        .setPskProof(
            PskProof.newBuilder()
                .setKeyId(id)
                .setMac(
                    ByteString.copyFrom(
                        io.unsealfs.key.wire.PskProof.of(key.getBytes(US_ASCII), id, transcript))))
        .build();
  }

  private static SecretRequest proved(Conversation conversation, String id, String key) {
    return withProof(conversation.request(), conversation.transcript(), id, key);
  }

  private static DenialReason denial(StubClient client, SecretRequest request) {
    StatusRuntimeException e =
        assertThrows(StatusRuntimeException.class, () -> client.ask(request));
    var trailers = e.getTrailers();
    byte[] trailer = trailers == null ? null : trailers.get(Denied.TRAILER);
    return trailer == null ? DenialReason.UNSPECIFIED : DenialReason.decode(trailer);
  }

  @Test
  void theHolderOfTheKeyGetsTheSecretAndNobodyElse() throws IOException {
    try (KeyServer server = start(PSKS);
        StubClient client = new StubClient(server.port())) {
      Conversation good = client.begin("model");
      assertArrayEquals(
          KeyServerFixture.SECRET, good.open(client.ask(proved(good, "team-a", KEY))));
      assertEquals(
          DenialReason.NOT_RELEASED,
          denial(client, proved(client.begin("model"), "team-a", OTHER_KEY)),
          "another key");
      assertEquals(
          DenialReason.NOT_RELEASED,
          denial(client, proved(client.begin("model"), "team-b", OTHER_KEY)),
          "a key that the rule does not list");
      assertEquals(
          DenialReason.NOT_RELEASED,
          denial(client, proved(client.begin("model"), "team-c", KEY)),
          "an id that does not exist");
      Conversation silent = client.begin("model");
      assertEquals(
          DenialReason.EVIDENCE_UNSUPPORTED,
          denial(
              client,
              silent.request().toBuilder()
                  .setEvidence(Evidence.newBuilder().setType("none"))
                  .build()),
          "no proof");
      Conversation sample = client.begin("expired");
      assertEquals(
          DenialReason.NOT_RELEASED,
          denial(client, proved(sample, "team-a", KEY)),
          "a secret whose rules do not speak of keys");
    }
    String audit = String.join("\n", files.auditLines());
    assertFalse(audit.contains(KEY) || audit.contains(OTHER_KEY), audit);
  }

  @Test
  void aWrappedKeyServesToo() throws IOException {
    policy("{tee: none, requester_psk: [team-b]}");
    try (KeyServer server = start(PSKS);
        StubClient client = new StubClient(server.port())) {
      Conversation good = client.begin("model");
      assertArrayEquals(
          KeyServerFixture.SECRET, good.open(client.ask(proved(good, "team-b", OTHER_KEY))));
    }
  }

  @Test
  void aProofServesOneRequestForOneSecretOnly() throws IOException {
    try (KeyServer server = start(PSKS);
        StubClient client = new StubClient(server.port())) {
      Conversation first = client.begin("model");
      SecretRequest request = proved(first, "team-a", KEY);
      client.ask(request);
      assertEquals(DenialReason.NONCE_INVALID, denial(client, request), "replayed");

      Conversation second = client.begin("model");
      SecretRequest stolen =
          proved(second, "team-a", KEY).toBuilder().setPskProof(request.getPskProof()).build();
      assertEquals(DenialReason.NOT_RELEASED, denial(client, stolen), "of an older request");

      Conversation third = client.begin("model");
      SecretRequest renamed =
          proved(third, "team-a", KEY).toBuilder().setSecretName("bare").build();
      assertEquals(DenialReason.NOT_RELEASED, denial(client, renamed), "for another secret");

      Conversation fourth = client.begin("model");
      Conversation thief = client.begin("model");
      SecretRequest redirected =
          proved(fourth, "team-a", KEY).toBuilder()
              .setHpkePublicKey(thief.request().getHpkePublicKey())
              .build();
      assertEquals(DenialReason.NOT_RELEASED, denial(client, redirected), "to another's HPKE key");

      Conversation fifth = client.begin("model");
      SecretRequest renumbered =
          proved(fifth, "team-a", KEY).toBuilder()
              .setPskProof(
                  proved(fifth, "team-a", KEY).getPskProof().toBuilder().setKeyId("team-b"))
              .build();
      assertEquals(DenialReason.NOT_RELEASED, denial(client, renumbered), "under another id");
    }
  }

  @Test
  void everyChangedByteAndEveryLengthOfAProofIsRefused() throws IOException {
    try (KeyServer server =
            start(PSKS + "limits: {burst: 1000, burst_per_peer: 1000, per_second: 100}\n");
        StubClient client = new StubClient(server.port())) {
      for (int at = 0; at < 32; at++) {
        SecretRequest request = proved(client.begin("model"), "team-a", KEY);
        byte[] mac = request.getPskProof().getMac().toByteArray();
        mac[at] ^= 1;
        assertEquals(DenialReason.NOT_RELEASED, denial(client, withMac(request, mac)));
      }
      for (int length : new int[] {0, 1, 31, 33, 1000}) {
        SecretRequest request = proved(client.begin("model"), "team-a", KEY);
        byte[] mac = java.util.Arrays.copyOf(request.getPskProof().getMac().toByteArray(), length);
        assertEquals(DenialReason.NOT_RELEASED, denial(client, withMac(request, mac)));
      }
    }
  }

  private static SecretRequest withMac(SecretRequest request, byte[] mac) {
    return request.toBuilder()
        .setPskProof(request.getPskProof().toBuilder().setMac(ByteString.copyFrom(mac)))
        .build();
  }

  @Test
  void aKeyDoesNotStandInForEvidenceThatARuleAsksFor() throws IOException {
    policy("{tee: tdx, any_measurement: true, requester_psk: [team-a]}");
    try (KeyServer server = start(PSKS);
        StubClient client = new StubClient(server.port())) {
      assertEquals(
          DenialReason.NOT_RELEASED, denial(client, proved(client.begin("model"), "team-a", KEY)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "short", "0123456789abcde", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
  void keysThatCanBeGuessedAreRefusedOnBothSides(String key) throws IOException {
    files.secretFile("team-a.psk", key.getBytes(US_ASCII));
    KeyServerConfig config = config(PSKS);
    assertThrows(
        KeyServerConfigException.class,
        () -> KeyServer.start(config, Clock.systemUTC(), new HeapMemory()).close());
    files.secretFile("own.psk", key.getBytes(US_ASCII));
    makeGood();
    try (KeyServer server = start(PSKS)) {
      assertThrows(KeyReferenceException.class, () -> fetch(server, "own.psk", Optional.empty()));
    }
  }

  private void makeGood() throws IOException {
    files.secretFile("team-a.psk", KEY.getBytes(US_ASCII));
  }

  @Test
  void aKeyFileOpenToOthersIsRefused() throws IOException {
    Files.setPosixFilePermissions(
        directory.resolve("team-a.psk"),
        java.nio.file.attribute.PosixFilePermissions.fromString("rw-r-----"));
    KeyServerConfig config = config(PSKS);
    assertThrows(
        KeyServerConfigException.class,
        () -> KeyServer.start(config, Clock.systemUTC(), new HeapMemory()).close());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "client_auth: required",
        "client_ca: clients.pem\nclient_auth: maybe",
        "psks: [{id: 'a b', file: x}]",
        "psks: [{id: a}]",
        "psks: [{id: a, file: x, wrapped_file: y}]",
        "psks: [{id: a, file: x}, {id: a, file: y}]",
        "psks: [{id: a, file: x, more: y}]"
      })
  void whatMakesNoSenseIsRefused(String more) {
    assertThrows(KeyServerConfigException.class, () -> config("policy: policy.yaml\n" + more));
  }

  @Test
  void aRuleWithoutEvidenceNeedsAKey() throws IOException {
    policy("{tee: none, requester_certificate_sha256: [\"" + teamA.sha256() + "\"]}");
    KeyServerConfig config = config(PSKS);
    assertThrows(
        KeyServerConfigException.class,
        () -> KeyServer.start(config, Clock.systemUTC(), new HeapMemory()).close());
  }

  // the client of this project

  private Secret fetch(KeyServer server, String psk, Optional<String> certificate)
      throws IOException {
    return fetch(server.port(), server.identityPin(), psk, certificate, new NoneAttester());
  }

  private Secret fetch(
      int port, String pin, String psk, Optional<String> certificate, Attester attester)
      throws IOException {
    Optional<ClientCredentials.Tls> tls = Optional.empty();
    if (certificate.isPresent()) {
      tls =
          Optional.of(
              new ClientCredentials.Tls(
                  reference(certificate.get() + ".crt"), reference(certificate.get() + ".key")));
    }
    ClientCredentials shown =
        new ClientCredentials(
            tls,
            psk.isEmpty()
                ? Optional.empty()
                : Optional.of(
                    ClientCredentials.PreSharedKey.parse(
                        (psk.contains("-b") ? "team-b=" : "team-a=") + reference(psk).text())));
    return new GrpcKeyProvider(
            new HeapMemory(),
            GrpcTimeouts.DEFAULT,
            shown,
            List.of(new FileKeyProvider(new HeapMemory())))
        .fetch(
            KeyReference.parse("grpc://127.0.0.1:" + port + "/model"),
            attester,
            new ServerTrust(Optional.empty(), List.of(pin), false));
  }

  private KeyReference reference(String file) throws KeyReferenceException {
    return KeyReference.parse("file:" + directory.resolve(file));
  }

  @Test
  void theClientProvesItsKey() throws IOException {
    try (KeyServer server = start(PSKS);
        Secret secret = fetch(server, "own.psk", Optional.empty())) {
      assertArrayEquals(KeyServerFixture.SECRET, secret.use(byte[]::clone));
    }
    try (KeyServer server = start(PSKS)) {
      assertThrows(KeyDeniedException.class, () -> fetch(server, "own-b.psk", Optional.empty()));
      assertThrows(KeyDeniedException.class, () -> fetch(server, "", Optional.empty()));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "team-a",
        "=file:/x",
        "a b=file:/x",
        "a=grpc://h:1/x",
        "a=fd:3",
        "a=file:/x?as=hex"
      })
  void aMalformedKeyReferenceIsRefused(String text) {
    assertThrows(KeyReferenceException.class, () -> ClientCredentials.PreSharedKey.parse(text));
  }

  private void certificateRule() throws IOException {
    policy(
        "{tee: none, requester_psk: [team-a], requester_certificate_sha256: [\""
            + teamA.sha256()
            + "\"]}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"required", "optional"})
  void theCertificateReachesThePolicy(String auth) throws IOException {
    certificateRule();
    try (KeyServer server = start(PSKS + "client_ca: clients.pem\nclient_auth: " + auth + "\n")) {
      try (Secret secret = fetch(server, "own.psk", Optional.of("a"))) {
        assertArrayEquals(KeyServerFixture.SECRET, secret.use(byte[]::clone));
      }
      assertThrows(
          KeyDeniedException.class,
          () -> fetch(server, "own.psk", Optional.of("b")),
          "a certificate that the rule does not list");
      assertThrows(
          KeyDeniedException.class,
          () -> fetch(server, "own.psk", Optional.of("stranger")),
          "a certificate of another authority");
      assertThrows(
          KeyDeniedException.class, () -> fetch(server, "own.psk", Optional.empty()), "none");
    }
    assertTrue(String.join("\n", files.auditLines()).contains("REQUESTER"));
  }

  @Test
  void aRequiredCertificateIsAskedForBeforeAnythingIsAnswered() throws IOException {
    try (KeyServer server = start(PSKS + "client_ca: clients.pem\n");
        StubClient bare = new StubClient(server.port())) {
      StatusRuntimeException e = assertThrows(StatusRuntimeException.class, bare::challenge);
      assertEquals(Status.Code.UNAVAILABLE, e.getStatus().getCode());
    }
    assertEquals(List.of(), files.auditLines());
  }

  @Test
  void aManInTheMiddleWithHisOwnCertificateIsRefused() throws IOException {
    certificateRule();
    try (KeyServer server = start(PSKS + "client_ca: clients.pem\n");
        // even one whose certificate the server's authority vouches for
        Relay relay = new Relay(server.port(), teamB)) {
      assertThrows(
          KeyDeniedException.class,
          () ->
              fetch(
                  relay.port(),
                  server.identityPin(),
                  "own.psk",
                  Optional.of("a"),
                  new NoneAttester()));
    }
    assertTrue(String.join("\n", files.auditLines()).contains(teamB.sha256()));
  }

  /** Stands between client and server, speaks TLS with both, and passes on every message. */
  private static final class Relay extends SecretServiceGrpc.SecretServiceImplBase
      implements AutoCloseable {
    private final StubClient upstream;
    private final Server server;

    Relay(int port, TestAuthority.Client own) throws IOException {
      upstream = new StubClient(port, own);
      server =
          NettyServerBuilder.forPort(0)
              .sslContext(
                  GrpcSslContexts.configure(
                          SslContextBuilder.forServer(
                              new ByteArrayInputStream(own.certificatePem()),
                              new ByteArrayInputStream(own.keyPem())),
                          SslProvider.JDK)
                      .build())
              .addService(this)
              .build()
              .start();
    }

    int port() {
      return server.getPort();
    }

    @Override
    public void getChallenge(ChallengeRequest request, StreamObserver<Challenge> caller) {
      caller.onNext(upstream.challenge());
      caller.onCompleted();
    }

    @Override
    public void getSecret(SecretRequest request, StreamObserver<SecretReply> caller) {
      try {
        caller.onNext(upstream.ask(request));
        caller.onCompleted();
      } catch (StatusRuntimeException e) {
        caller.onError(e);
      }
    }

    @Override
    public void close() {
      server.shutdownNow();
      upstream.close();
    }
  }

  // limits

  private KeyServer startWithoutTime(String more) throws IOException {
    return KeyServer.start(
        config(more), Clock.systemUTC(), () -> 0, Appraisers.standard(), new HeapMemory());
  }

  @Test
  void whoHoldsAKeyHasOneShareWhereverItAsksFrom() throws IOException {
    policy("{tee: none, requester_psk: [team-a, team-b]}");
    try (KeyServer server = startWithoutTime(PSKS + "limits: {burst_per_peer: 2}\n");
        StubClient here = StubClient.from("127.0.0.1", server.port());
        StubClient there = StubClient.from("127.0.0.2", server.port());
        StubClient elsewhere = StubClient.from("127.0.0.3", server.port())) {
      // a false claim is charged to the address alone
      assertEquals(
          DenialReason.NOT_RELEASED,
          denial(elsewhere, proved(elsewhere.begin("model"), "team-a", OTHER_KEY)));
      for (int i = 0; i < 2; i++) {
        Conversation conversation = here.begin("model");
        assertArrayEquals(
            KeyServerFixture.SECRET,
            conversation.open(here.ask(proved(conversation, "team-a", KEY))));
      }
      assertEquals(
          DenialReason.RATE_LIMITED, denial(there, proved(there.begin("model"), "team-a", KEY)));
      Conversation other = there.begin("model");
      assertArrayEquals(
          KeyServerFixture.SECRET, other.open(there.ask(proved(other, "team-b", OTHER_KEY))));
    }
  }

  @Test
  void whoHoldsACertificateHasOneShareWhereverItAsksFrom() throws IOException {
    String more = PSKS + "client_ca: clients.pem\nlimits: {burst_per_peer: 2}\n";
    try (KeyServer server = startWithoutTime(more);
        StubClient here = StubClient.from("127.0.0.1", server.port(), teamA);
        StubClient there = StubClient.from("127.0.0.2", server.port(), teamA);
        StubClient other = StubClient.from("127.0.0.3", server.port(), teamB)) {
      for (int i = 0; i < 2; i++) {
        Conversation conversation = here.begin("model");
        assertArrayEquals(
            KeyServerFixture.SECRET,
            conversation.open(here.ask(proved(conversation, "team-a", KEY))));
      }
      assertEquals(
          DenialReason.RATE_LIMITED, denial(there, proved(there.begin("model"), "team-a", KEY)));
      assertEquals(
          DenialReason.RATE_LIMITED,
          denial(other, proved(other.begin("model"), "team-a", KEY)),
          "the key's share is used up too");
    }
  }

  @Test
  void headersAboveTheLimitAreNotRead() throws IOException {
    try (KeyServer server = start(PSKS);
        StubClient client = new StubClient(server.port())) {
      assertThrows(StatusRuntimeException.class, () -> client.challengeWithHeader(9 << 10));
      assertThrows(StatusRuntimeException.class, () -> client.challengeWithHeader(1 << 20));
      Conversation next = client.begin("model");
      assertArrayEquals(
          KeyServerFixture.SECRET, next.open(client.ask(proved(next, "team-a", KEY))));
    }
  }

  @Test
  void whoDoesNotGoOnWithTheHandshakeIsCutOff() throws IOException {
    InetAddress local = InetAddress.ofLiteral("127.0.0.1");
    try (KeyServer server = start(PSKS);
        Socket silent = new Socket(local, server.port());
        Socket slow = new Socket(local, server.port())) {
      // the beginning of a TLS record, and no more
      slow.getOutputStream().write(new byte[] {0x16, 3, 1, 2, 0, 1});
      assertEquals(-1, silent.getInputStream().read());
      assertTrue(slow.getInputStream().readAllBytes().length < 100);
    }
  }
}
