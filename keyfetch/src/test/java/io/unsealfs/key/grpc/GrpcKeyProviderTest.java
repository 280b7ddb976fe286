package io.unsealfs.key.grpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.Attester;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.attest.sample.SampleAttester;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.KeyDeniedException;
import io.unsealfs.key.KeyProbe;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.KeyUnavailableException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.ServerTrust;
import io.unsealfs.key.UntrustedServerException;
import io.unsealfs.key.proto.v1.SecretReply;
import io.unsealfs.key.wire.DenialReason;
import io.unsealfs.key.wire.TermsCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The client against a real gRPC server over TLS that misbehaves in every way. */
class GrpcKeyProviderTest {
  private static final GrpcTimeouts PATIENT =
      new GrpcTimeouts(
          Duration.ofSeconds(20),
          Duration.ofSeconds(60),
          Duration.ofMillis(1),
          Duration.ofMillis(2),
          4);

  @TempDir private Path folder;
  private final TestTls tls;
  private final TestKeyServer server;
  private final AtomicInteger pauses = new AtomicInteger();
  private final CountingAttester attester = new CountingAttester();

  GrpcKeyProviderTest() throws Exception {
    tls = TestTls.forAddress("127.0.0.1");
    server = new TestKeyServer(tls);
  }

  private static final class CountingAttester implements Attester {
    private final SampleAttester sample = new SampleAttester();
    final AtomicInteger calls = new AtomicInteger();

    @Override
    public String name() {
      return sample.name();
    }

    @Override
    public boolean isAvailable() {
      return true;
    }

    @Override
    public Evidence collect(ReportData reportData) {
      calls.incrementAndGet();
      return sample.collect(reportData);
    }
  }

  @SuppressWarnings("ArrayRecordComponent")
  private record Fetched(byte[] bytes, SecretTerms terms) {}

  @BeforeEach
  void nothingAskedYet() {
    assertEquals(0, server.requests.size());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static ServerTrust pinned(String... pins) {
    return new ServerTrust(Optional.empty(), List.of(pins), false);
  }

  private ServerTrust ca(TestTls authority, String... pins) throws Exception {
    return new ServerTrust(Optional.of(authority.writeTo(folder)), List.of(pins), false);
  }

  private Fetched fetch(ServerTrust trust, String... authorities) throws IOException {
    return fetch(PATIENT, duration -> pauses.incrementAndGet(), trust, authorities);
  }

  private Fetched fetch(
      GrpcTimeouts timeouts, GrpcKeyProvider.Pause pause, ServerTrust trust, String... authorities)
      throws IOException {
    String servers = authorities.length == 0 ? server.authority() : String.join(",", authorities);
    GrpcKeyProvider provider = new GrpcKeyProvider(new HeapMemory(), timeouts, pause);
    KeyReference reference = KeyReference.parse("grpc://" + servers + "/models/one");
    try (Secret secret = provider.fetch(reference, attester, trust)) {
      return new Fetched(HeapMemory.bytes(secret), secret.terms());
    }
  }

  private <T extends IOException> T refused(Class<T> type, ServerTrust trust) {
    T e = assertThrows(type, () -> fetch(trust));
    assertEquals(0, pauses.get(), "asked again");
    return e;
  }

  private static String freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return "127.0.0.1:" + socket.getLocalPort();
    }
  }

  @Test
  void aPinnedServerIsBelievedWhateverItsTlsCertificate() throws Exception {
    Fetched fetched = fetch(pinned("sha256:" + "0".repeat(64), server.pin()));
    assertArrayEquals(TestKeyServer.SECRET, fetched.bytes());
    assertEquals(TestKeyServer.TERMS, fetched.terms());
    assertEquals("models/one", server.requests.getFirst().getSecretName());
    assertEquals(1, attester.calls.get());
  }

  @Test
  void aServerOfTheCaIsBelieved() throws Exception {
    Fetched fetched = fetch(ca(tls));
    assertArrayEquals(TestKeyServer.SECRET, fetched.bytes());
    assertTrue(fetched.terms().authenticated());
  }

  @Test
  void withCaAndPinBothMustHold() throws Exception {
    assertArrayEquals(TestKeyServer.SECRET, fetch(ca(tls, server.pin())).bytes());
    refused(UntrustedServerException.class, ca(tls, "sha256:" + "0".repeat(64)));
    refused(UntrustedServerException.class, ca(TestTls.forAddress("127.0.0.1"), server.pin()));
    assertEquals(1, server.requests.size());
  }

  @Test
  void anotherCaOrAnotherHostNameIsNotBelieved() throws Exception {
    refused(UntrustedServerException.class, ca(TestTls.forAddress("127.0.0.1")));
    TestTls other = TestTls.forName("keys.example");
    try (TestKeyServer elsewhere = new TestKeyServer(other)) {
      ServerTrust trust = ca(other);
      assertThrows(UntrustedServerException.class, () -> fetch(trust, elsewhere.authority()));
      assertEquals(0, elsewhere.requests.size());
    }
    assertEquals(0, attester.calls.get());
  }

  @Test
  void withoutTrustNothingIsAsked() {
    KeyReferenceException e =
        refused(KeyReferenceException.class, new ServerTrust(Optional.empty(), List.of(), false));
    assertTrue(e.toString().contains("--server-pin"), e.toString());
  }

  @Test
  void aTrustThatCannotBeReadIsRefused() throws Exception {
    refused(KeyReferenceException.class, pinned("sha256:12"));
    Path empty = Files.writeString(folder.resolve("empty.pem"), "\n");
    refused(KeyReferenceException.class, new ServerTrust(Optional.of(empty), List.of(), false));
    refused(
        KeyReferenceException.class,
        new ServerTrust(Optional.of(folder.resolve("absent")), List.of(server.pin()), false));
    assertEquals(0, server.requests.size());
  }

  @Test
  void termsOfAnInsecureServerCountForNothing() throws Exception {
    Fetched fetched = fetch(new ServerTrust(Optional.empty(), List.of(), true));
    assertArrayEquals(TestKeyServer.SECRET, fetched.bytes());
    assertFalse(fetched.terms().authenticated());
  }

  @Test
  void aPinStillCountsWhereInsecureIsSaidToo() {
    refused(
        UntrustedServerException.class,
        new ServerTrust(Optional.empty(), List.of("sha256:" + "0".repeat(64)), true));
  }

  @Test
  void aWrongIdentityKeySeesNoEvidence() {
    UntrustedServerException e =
        refused(UntrustedServerException.class, pinned("sha256:" + "0".repeat(64)));
    assertTrue(e.toString().contains(server.pin()), e.toString());
    assertEquals(0, attester.calls.get());
    assertEquals(0, server.requests.size());
  }

  @Test
  void anInterceptorThatShowsTheRealIdentityKeyCannotUseTheEvidenceAsItsOwn() throws Exception {
    ByteString real = ByteString.copyFrom(server.identity.publicKey().spki());
    try (TestKeyServer interceptor = new TestKeyServer(TestTls.forName("interceptor"))) {
      interceptor.challenges = challenge -> challenge.toBuilder().setIdentityKey(real).build();
      ServerTrust trust = pinned(server.pin());
      KeyDeniedException e =
          assertThrows(KeyDeniedException.class, () -> fetch(trust, interceptor.authority()));
      assertTrue(e.toString().contains("BINDING_MISMATCH"), e.toString());
    }
  }

  @Test
  void anInterceptorCannotSlipInASecretOfItsOwn() throws Exception {
    // it knows nonce, client key and the real identity key, and seals to the client correctly
    try (TestKeyServer interceptor = new TestKeyServer(TestTls.forName("interceptor"))) {
      interceptor.claimed = server.identity.publicKey();
      ServerTrust trust = pinned(server.pin());
      UntrustedServerException e =
          assertThrows(UntrustedServerException.class, () -> fetch(trust, interceptor.authority()));
      assertTrue(e.toString().contains("not signed"), e.toString());
      assertEquals(1, interceptor.requests.size());
    }
  }

  @Test
  void aWrongOrAbsentSignatureIsRefused() {
    changedReply(reply -> {
      byte[] signature = reply.getSignature().toByteArray();
      signature[0] ^= 1;
      return reply.toBuilder().setSignature(ByteString.copyFrom(signature)).build();
    });
    changedReply(reply -> reply.toBuilder().clearSignature().build());
  }

  @Test
  void changedTermsAreRefused() {
    changedReply(reply ->
        reply.toBuilder()
            .setTerms(ByteString.copyFrom(TermsCodec.encode(SecretTerms.NONE)))
            .build());
  }

  @Test
  void changedCiphertextIsRefused() {
    changedReply(reply ->
        reply.toBuilder()
            .setCiphertext(reply.getCiphertext().concat(ByteString.copyFrom(new byte[1])))
            .build());
    changedReply(reply -> reply.toBuilder().clearCiphertext().build());
    changedReply(reply -> reply.toBuilder().clearHpkeEnc().build());
  }

  private void changedReply(UnaryOperator<SecretReply> change) {
    server.replies = change;
    refused(UntrustedServerException.class, pinned(server.pin()));
  }

  @Test
  void anAnswerOfAnEarlierConversationIsRefusedEvenForTheSameNonce() throws Exception {
    List<SecretReply> earlier = Collections.synchronizedList(new ArrayList<>());
    ByteString nonce = ByteString.copyFrom(new byte[32]);
    server.challenges = challenge -> challenge.toBuilder().setNonce(nonce).build();
    server.replies =
        reply -> {
          earlier.add(reply);
          return earlier.getFirst();
        };
    assertArrayEquals(TestKeyServer.SECRET, fetch(pinned(server.pin())).bytes());
    refused(UntrustedServerException.class, pinned(server.pin()));
    assertEquals(nonce, server.requests.get(1).getNonce());
    assertNotEquals(
        server.requests.get(0).getHpkePublicKey(), server.requests.get(1).getHpkePublicKey());
    assertNotEquals(server.requests.get(0).getEvidence(), server.requests.get(1).getEvidence());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 31, 33, 1000})
  void noncesHaveOneLength(int length) {
    server.challenges =
        challenge -> challenge.toBuilder().setNonce(ByteString.copyFrom(new byte[length])).build();
    refused(UntrustedServerException.class, pinned(server.pin()));
    assertEquals(0, attester.calls.get());
  }

  @Test
  void anIdentityKeyThatIsNoneIsRefused() {
    server.challenges = challenge -> challenge.toBuilder().clearIdentityKey().build();
    refused(UntrustedServerException.class, new ServerTrust(Optional.empty(), List.of(), true));
  }

  @ParameterizedTest
  @EnumSource(value = DenialReason.class, mode = EnumSource.Mode.EXCLUDE, names = "RATE_LIMITED")
  void denialsCarryTheirReasonAndAreNotRetried(DenialReason reason) {
    server.failure = Optional.of(TestKeyServer.denial(Status.PERMISSION_DENIED, reason));
    KeyDeniedException e = refused(KeyDeniedException.class, pinned(server.pin()));
    assertTrue(e.toString().contains(reason.name()), e.toString());
    assertFalse(e instanceof UntrustedServerException);
    assertEquals(1, server.requests.size());
  }

  @Test
  void aDenialEndsTheSearchAmongServers() throws Exception {
    server.failure =
        Optional.of(TestKeyServer.denial(Status.PERMISSION_DENIED, DenialReason.NOT_RELEASED));
    try (TestKeyServer second = new TestKeyServer(tls)) {
      ServerTrust trust = pinned(server.pin(), second.pin());
      assertThrows(
          KeyDeniedException.class, () -> fetch(trust, server.authority(), second.authority()));
      assertEquals(0, second.requests.size());
    }
  }

  @Test
  void aRateLimitIsUnavailableAndNotAskedAgainAtOnce() {
    server.failure =
        Optional.of(TestKeyServer.denial(Status.RESOURCE_EXHAUSTED, DenialReason.RATE_LIMITED));
    refused(KeyUnavailableException.class, pinned(server.pin()));
    assertEquals(1, server.requests.size());
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"INTERNAL", "UNKNOWN", "UNIMPLEMENTED", "NOT_FOUND", "RESOURCE_EXHAUSTED"})
  void otherFailuresAreUnavailableAndNotRetried(Status.Code code) {
    server.failure =
        Optional.of(
            code.toStatus()
                .withDescription("a\nb\u001b[31m" + "x".repeat(3000))
                .asRuntimeException());
    KeyUnavailableException e = refused(KeyUnavailableException.class, pinned(server.pin()));
    assertTrue(e.toString().length() < 500, e.toString());
    assertTrue(e.toString().chars().noneMatch(Character::isISOControl), e.toString());
  }

  @Test
  void unavailableIsRetriedWithAFreshKeyAndAFreshQuote() throws Exception {
    server.failure = Optional.of(Status.UNAVAILABLE.asRuntimeException());
    Fetched fetched =
        fetch(
            PATIENT,
            duration -> {
              if (pauses.incrementAndGet() == 2) {
                server.failure = Optional.empty();
              }
            },
            pinned(server.pin()));
    assertArrayEquals(TestKeyServer.SECRET, fetched.bytes());
    assertEquals(3, attester.calls.get());
    assertEquals(
        3, server.requests.stream().map(request -> request.getHpkePublicKey()).distinct().count());
    assertEquals(3, server.requests.stream().map(request -> request.getNonce()).distinct().count());
  }

  @Test
  void aServerThatComesUpLaterIsFound() throws Exception {
    String late = freePort();
    int port = Integer.parseInt(late.substring(late.indexOf(':') + 1));
    List<TestKeyServer> started = new ArrayList<>();
    try {
      Fetched fetched =
          fetch(
              PATIENT,
              duration -> {
                if (started.isEmpty()) {
                  started.add(startOn(port));
                }
              },
              ca(tls),
              late);
      assertArrayEquals(TestKeyServer.SECRET, fetched.bytes());
    } finally {
      started.forEach(TestKeyServer::close);
    }
  }

  private TestKeyServer startOn(int port) {
    try {
      return new TestKeyServer(tls, "TLSv1.3", port);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aProbeSeesTheServerAndTakesNothingFromIt() throws Exception {
    KeyReference reference = KeyReference.parse("grpc://" + server.authority() + "/model");
    GrpcKeyProvider provider =
        new GrpcKeyProvider(
            new HeapMemory(),
            PATIENT,
            new GrpcKeyProvider.ProbeTimes(PATIENT.call(), PATIENT.overall()),
            duration -> pauses.incrementAndGet());
    KeyProbe probe = provider.probe(reference, pinned(server.pin()));
    assertTrue(probe.finding().contains(server.pin()), probe.finding());
    assertEquals(0, server.requests.size());
    assertThrows(
        UntrustedServerException.class,
        () -> provider.probe(reference, pinned("sha256:" + "0".repeat(64))));
    assertThrows(
        KeyUnavailableException.class,
        () ->
            provider.probe(
                KeyReference.parse("grpc://" + freePort() + "/model"), pinned(server.pin())));
    assertEquals(0, pauses.get(), "asked again");
  }

  @Test
  void aServerThatNeverComesIsGivenUp() throws Exception {
    String nobody = freePort();
    KeyUnavailableException e =
        assertThrows(KeyUnavailableException.class, () -> fetch(pinned(server.pin()), nobody));
    assertTrue(e.toString().contains("Connection refused"), e.toString());
    assertEquals(PATIENT.tries() - 1, pauses.get());
  }

  @Test
  void serversAreTriedInOrder() throws Exception {
    String nobody = freePort();
    try (TestKeyServer impostor = new TestKeyServer(tls)) {
      Fetched fetched =
          fetch(pinned(server.pin()), nobody, impostor.authority(), server.authority());
      assertArrayEquals(TestKeyServer.SECRET, fetched.bytes());
      assertEquals(0, impostor.requests.size());
      assertEquals(0, pauses.get());
      KeyUnavailableException e =
          assertThrows(
              KeyUnavailableException.class,
              () -> fetch(pinned(server.pin()), nobody, impostor.authority()));
      assertTrue(e.toString().contains(nobody), e.toString());
      assertTrue(e.toString().contains(impostor.authority()), e.toString());
    }
  }

  @Test
  void aSilentServerRunsIntoTheDeadline() {
    server.silent = true;
    GrpcTimeouts brief =
        new GrpcTimeouts(
            Duration.ofMillis(200),
            Duration.ofSeconds(30),
            Duration.ofMillis(1),
            Duration.ofMillis(1),
            2);
    KeyUnavailableException e =
        assertThrows(
            KeyUnavailableException.class,
            () -> fetch(brief, duration -> pauses.incrementAndGet(), pinned(server.pin())));
    assertEquals(1, pauses.get());
    assertTrue(e.toString().contains("did not answer in time"), e.toString());
  }

  @Test
  void theOverallTimeEndsTheTries() {
    server.silent = true;
    GrpcTimeouts brief =
        new GrpcTimeouts(
            Duration.ofSeconds(30),
            Duration.ofMillis(200),
            Duration.ofMillis(1),
            Duration.ofMillis(1),
            1000);
    assertThrows(
        KeyUnavailableException.class,
        () -> fetch(brief, duration -> pauses.incrementAndGet(), pinned(server.pin())));
    assertEquals(0, pauses.get());
  }

  @Test
  void anOversizeAnswerIsRefused() {
    server.replies =
        reply -> reply.toBuilder().setCiphertext(ByteString.copyFrom(new byte[200 << 10])).build();
    KeyUnavailableException e = refused(KeyUnavailableException.class, pinned(server.pin()));
    assertTrue(e.toString().contains("more than the protocol allows"), e.toString());
  }

  @Test
  void olderTlsIsRefused() throws Exception {
    try (TestKeyServer old = new TestKeyServer(tls, "TLSv1.2", 0)) {
      assertThrows(KeyUnavailableException.class, () -> fetch(pinned(old.pin()), old.authority()));
      assertEquals(0, old.requests.size());
    }
  }

  @Test
  void evidenceThatCannotBeMadeIsNotRetried() {
    Attester broken =
        new Attester() {
          @Override
          public String name() {
            return "tdx";
          }

          @Override
          public boolean isAvailable() {
            return false;
          }

          @Override
          public Evidence collect(ReportData reportData) throws AttestationException {
            throw new AttestationException("no TEE");
          }
        };
    GrpcKeyProvider provider =
        new GrpcKeyProvider(new HeapMemory(), PATIENT, duration -> pauses.incrementAndGet());
    assertThrows(
        AttestationException.class,
        () ->
            provider.fetch(
                KeyReference.parse("grpc://" + server.authority() + "/a"),
                broken,
                pinned(server.pin())));
    assertEquals(0, pauses.get());
  }

  @Test
  void anInterruptEndsTheWait() throws Exception {
    String nobody = freePort();
    try {
      assertThrows(
          KeyUnavailableException.class,
          () ->
              fetch(
                  PATIENT,
                  duration -> {
                    throw new InterruptedException();
                  },
                  pinned(server.pin()),
                  nobody));
      assertTrue(Thread.currentThread().isInterrupted());
    } finally {
      assertTrue(Thread.interrupted());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "grpc:host:1/a",
        "grpc://host/a",
        "grpc://host:1",
        "grpc://host:1/",
        "grpc://host:0/a",
        "grpc://host:65536/a",
        "grpc://::1:1/a",
        "grpc://user@host:1/a",
        "grpc://host:1,/a",
        "grpc:///a",
        "grpc://host:1/a?b=c"
      })
  void malformedReferencesAreRefused(String text) throws Exception {
    KeyReference reference = KeyReference.parse(text);
    assertThrows(KeyReferenceException.class, () -> GrpcReference.parse(reference));
  }

  @Test
  void addressesAreParsed() throws Exception {
    GrpcReference parsed =
        GrpcReference.parse(KeyReference.parse("grpc://[::1]:1,a.example:65535,10.0.0.1:7/n/m"));
    assertEquals(
        List.of(
            new ServerAddress("[::1]", 1),
            new ServerAddress("a.example", 65535),
            new ServerAddress("10.0.0.1", 7)),
        parsed.servers());
    assertEquals("n/m", parsed.name().text());
  }
}
