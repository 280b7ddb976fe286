package io.unsealfs.keyserver;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.LeaseTerms;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.wire.TermsCodec;
import io.unsealfs.keyserver.SecretCatalog.Conditions;
import io.unsealfs.keyserver.StoredSecret.State;
import io.unsealfs.keyserver.store.EtcdServer;
import io.unsealfs.keyserver.store.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Key servers whose secrets are in a store. */
class StoreReleaseTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-06-01T00:00:00Z"), ZoneOffset.UTC);
  private static final Conditions PLAIN =
      new Conditions(
          Optional.empty(),
          Optional.empty(),
          new SecretTerms(Optional.empty(), Optional.empty(), Optional.empty(), true));

  @TempDir Path directory = Path.of("");
  private final HeapMemory memory = new HeapMemory();
  private KeyEncryptionKey kek = KeyEncryptionKey.ephemeral(memory);

  @BeforeEach
  void files() throws IOException {
    new KeyServerFixture(directory);
    kek.close();
    kek = KeyEncryptionKey.read(directory.resolve("kek"), memory);
  }

  @AfterEach
  void forget() {
    kek.close();
  }

  private KeyServerConfig config(String store, String more) throws IOException {
    return config(store, more, "audit.jsonl");
  }

  private KeyServerConfig config(String store, String more, String auditLog) throws IOException {
    return KeyServerConfig.read(
        Files.writeString(
            directory.resolve("store.yaml"),
            """
            listen: 127.0.0.1:0
            tls: {self_signed: true}
            identity_key: identity.pem
            kek_file: kek
            allow_sample: true
            audit_log: %s
            store: {%s}
            %s
            """
                .formatted(auditLog, store, more)));
  }

  private KeyServer start(KeyServerConfig config) throws IOException {
    return KeyServer.start(config, CLOCK, memory);
  }

  private SecretCatalog catalog(Store store) {
    return new SecretCatalog(store, KeyRing.of(kek), CLOCK);
  }

  private static String fetch(KeyServer server, String name) throws IOException {
    try (StubClient client = new StubClient(server.port())) {
      var conversation = client.begin(name);
      return new String(conversation.open(client.ask(conversation.request())), UTF_8);
    }
  }

  private static Status.Code refusal(KeyServer server, String name) {
    return assertThrows(StatusRuntimeException.class, () -> fetch(server, name))
        .getStatus()
        .getCode();
  }

  private String lastAuditLine() throws IOException {
    return lastAuditLine("audit.jsonl");
  }

  private String lastAuditLine(String file) throws IOException {
    return Files.readAllLines(directory.resolve(file)).getLast();
  }

  @Test
  void whatACommandChangesTheServerKnowsAtOnce() throws IOException {
    KeyServerConfig config = config("directory: store", "");
    try (KeyServer server = start(config);
        Store store = Stores.open(config.store().orElseThrow())) {
      SecretCatalog catalog = catalog(store);
      assertEquals(Status.Code.PERMISSION_DENIED, refusal(server, "model"));
      catalog.add("model", Set.of("sample"), "one".getBytes(UTF_8), PLAIN);
      assertEquals("one", fetch(server, "model"));
      catalog.rotate("model", "two".getBytes(UTF_8), PLAIN);
      assertEquals("two", fetch(server, "model"));
      catalog.setState("model", OptionalInt.empty(), State.DISABLED);
      assertEquals(Status.Code.PERMISSION_DENIED, refusal(server, "model"));
      assertTrue(lastAuditLine().contains("disabled"));
      catalog.setState("model", OptionalInt.empty(), State.ENABLED);
      assertEquals("two", fetch(server, "model"));
      catalog.remove("model");
      assertEquals(Status.Code.PERMISSION_DENIED, refusal(server, "model"));
    }
  }

  @Test
  void termsOfTheStoreTravelWithTheSecret() throws IOException {
    KeyServerConfig config = config("directory: store", "");
    try (KeyServer server = start(config);
        Store store = Stores.open(config.store().orElseThrow());
        StubClient client = new StubClient(server.port())) {
      SecretTerms terms =
          new SecretTerms(
              Optional.of(KeyServerFixture.DIGEST), Optional.empty(), Optional.empty(), true);
      catalog(store)
          .add(
              "model",
              Set.of("sample"),
              "one".getBytes(UTF_8),
              new Conditions(Optional.empty(), Optional.empty(), terms));
      var reply = client.ask(client.begin("model").request());
      assertEquals(terms, TermsCodec.decode(reply.getTerms().toByteArray(), true));
    }
  }

  @Test
  void theLeaseOfTheStoreIsShortenedToTheDateAtEachRelease() throws IOException {
    KeyServerConfig config = config("directory: store", "");
    LeaseTerms lease =
        new LeaseTerms(Optional.of(Duration.ofHours(2)), Optional.of(Duration.ofMinutes(5)));
    SecretTerms terms =
        new SecretTerms(
            Optional.empty(),
            Optional.empty(),
            Optional.of(CLOCK.instant().plus(Duration.ofHours(1))),
            lease,
            true);
    try (KeyServer server = start(config);
        Store store = Stores.open(config.store().orElseThrow());
        StubClient client = new StubClient(server.port())) {
      catalog(store)
          .add(
              "model",
              Set.of("sample"),
              "one".getBytes(UTF_8),
              new Conditions(Optional.empty(), Optional.empty(), terms));
      var reply = client.ask(client.begin("model").request());
      assertEquals(
          new LeaseTerms(Optional.of(Duration.ofHours(1)), Optional.of(Duration.ofMinutes(5))),
          TermsCodec.decode(reply.getTerms().toByteArray(), true).lease());
    }
  }

  @Test
  void aSecretThatNobodySaysAnythingAboutIsNotReleased() throws IOException {
    KeyServerConfig config = config("directory: store", "");
    try (KeyServer server = start(config);
        Store store = Stores.open(config.store().orElseThrow())) {
      catalog(store).add("model", Set.of(), "one".getBytes(UTF_8), PLAIN);
      assertEquals(Status.Code.PERMISSION_DENIED, refusal(server, "model"));
      assertTrue(lastAuditLine().contains("policy says nothing"), lastAuditLine());
    }
  }

  @Test
  void whatThePolicySaysIsNotWidenedByTheStore() throws IOException {
    policy("");
    KeyServerConfig config = config("directory: store", "policy: policy.yaml");
    try (KeyServer server = start(config);
        Store store = Stores.open(config.store().orElseThrow())) {
      catalog(store).add("model", Set.of("sample"), "one".getBytes(UTF_8), PLAIN);
      assertEquals(Status.Code.PERMISSION_DENIED, refusal(server, "model"));
      assertTrue(lastAuditLine().contains("evidence in the store and rules"), lastAuditLine());
    }
  }

  @Test
  void releasesAreCountedInTheStore() throws IOException {
    policy("max_releases: 2");
    KeyServerConfig config = config("directory: store", "policy: policy.yaml");
    try (KeyServer server = start(config);
        KeyServer other =
            start(config("directory: store", "policy: policy.yaml", "audit-2.jsonl"));
        Store store = Stores.open(config.store().orElseThrow())) {
      catalog(store).add("model", Set.of(), "one".getBytes(UTF_8), PLAIN);
      assertEquals("one", fetch(server, "model"));
      assertEquals("one", fetch(other, "model"));
      assertEquals(Status.Code.PERMISSION_DENIED, refusal(server, "model"));
      assertTrue(lastAuditLine().contains("max_releases"), lastAuditLine());
    }
  }

  private void policy(String more) throws IOException {
    Files.writeString(
        directory.resolve("policy.yaml"),
        """
        version: 1
        secrets:
          - name: model
            sample: true
            %s
        """
            .formatted(more));
  }

  @Test
  void aRecordThatCannotBeTrustedReleasesNothing() throws IOException {
    KeyServerConfig config = config("directory: store", "");
    try (KeyServer server = start(config);
        Store store = Stores.open(config.store().orElseThrow());
        KeyEncryptionKey stranger = KeyEncryptionKey.ephemeral(memory)) {
      new SecretCatalog(store, KeyRing.of(stranger), CLOCK)
          .add("model", Set.of("sample"), "one".getBytes(UTF_8), PLAIN);
      assertEquals(Status.Code.INTERNAL, refusal(server, "model"));
    }
  }

  private static String place(EtcdServer etcd) {
    // a bound, not an expectation: the machine may be busy
    return "etcd: {endpoints: [%s], timeout_seconds: 30}".formatted(etcd.url());
  }

  @Test
  void withoutEtcdTheServerIsUnavailableAndThenBackByItself() throws Exception {
    try (EtcdServer etcd = EtcdServer.start(directory)) {
      KeyServerConfig config =
          config(place(etcd), "limits: {per_second_per_peer: 200, burst_per_peer: 400}");
      try (KeyServer server = start(config);
          Store store = Stores.open(config.store().orElseThrow())) {
        catalog(store).add("model", Set.of("sample"), "one".getBytes(UTF_8), PLAIN);
        assertEquals("one", fetch(server, "model"));
        etcd.kill();
        assertEquals(Status.Code.UNAVAILABLE, refusal(server, "model"));
        assertTrue(lastAuditLine().contains("STORE_UNAVAILABLE"), lastAuditLine());
        etcd.run();
        String secret = "";
        while (secret.isEmpty()) {
          try {
            secret = fetch(server, "model");
          } catch (StatusRuntimeException e) {
            assertEquals(Status.Code.UNAVAILABLE, e.getStatus().getCode());
            Thread.sleep(50);
          }
        }
        assertEquals("one", secret);
      }
    }
  }

  @Test
  void aChallengeOfOneServerIsGoodOnceAtAnotherAndNowhereTwice() throws Exception {
    try (EtcdServer etcd = EtcdServer.start(directory)) {
      String place = place(etcd);
      KeyServerConfig config = config(place, "", "audit-a.jsonl");
      try (Store store = Stores.open(config.store().orElseThrow());
          KeyServer b = start(config(place, "", "audit-b.jsonl"));
          KeyServer c = start(config(place, "", "audit-c.jsonl"));
          StubClient toB = new StubClient(b.port());
          StubClient toC = new StubClient(c.port())) {
        catalog(store).add("model", Set.of("sample"), "one".getBytes(UTF_8), PLAIN);
        // the server that issued the challenge is gone when it is answered
        StubClient.Conversation conversation;
        try (KeyServer a = start(config);
            StubClient toA = new StubClient(a.port())) {
          conversation = toA.begin("model");
        }
        assertEquals("one", new String(conversation.open(toB.ask(conversation.request())), UTF_8));
        for (Map.Entry<String, StubClient> server : Map.of("b", toB, "c", toC).entrySet()) {
          StubClient client = server.getValue();
          StatusRuntimeException e =
              assertThrows(StatusRuntimeException.class, () -> client.ask(conversation.request()));
          assertEquals(Status.Code.PERMISSION_DENIED, e.getStatus().getCode());
          String line = lastAuditLine("audit-" + server.getKey() + ".jsonl");
          assertTrue(line.contains("NONCE_INVALID"), line);
        }
      }
    }
  }

  @Test
  void aServerStartsWithoutEtcd() throws Exception {
    try (EtcdServer etcd = EtcdServer.start(directory)) {
      etcd.kill();
      try (KeyServer server = start(config(place(etcd), ""))) {
        assertEquals(Status.Code.UNAVAILABLE, refusal(server, "model"));
      }
    }
  }
}
