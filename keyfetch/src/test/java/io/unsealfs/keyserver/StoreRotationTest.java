package io.unsealfs.keyserver;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.LeaseTerms;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.keyserver.SecretCatalog.Conditions;
import io.unsealfs.keyserver.StoredSecret.State;
import io.unsealfs.keyserver.store.EtcdServer;
import io.unsealfs.keyserver.store.Store;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The change of key-encryption keys where secrets are in a store. */
class StoreRotationTest {
  private static final HeapMemory MEMORY = new HeapMemory();
  private static final Clock CLOCK = Clock.systemUTC();
  private static final LeaseTerms LEASE =
      new LeaseTerms(Optional.of(Duration.ofHours(1)), Optional.of(Duration.ofMinutes(5)));
  private static final Conditions LENT =
      new Conditions(
          Optional.empty(),
          Optional.empty(),
          new SecretTerms(Optional.empty(), Optional.empty(), Optional.empty(), LEASE, true));
  private static final String OLD = "keks: [{key: 'file:kek'}]";
  private static final String BOTH = "keks: [{key: 'file:kek.new'}, {key: 'file:kek'}]";
  private static final String NEW = "keks: [{key: 'file:kek.new'}]";
  private static final String DIRECTORY = "directory: store";

  @TempDir Path directory = Path.of("");

  @BeforeEach
  void files() throws IOException {
    new KeyServerFixture(directory)
        .secretFile("kek.new", "a5".repeat(32).getBytes(StandardCharsets.US_ASCII));
  }

  private Path write(String store, String keks) throws IOException {
    return Files.writeString(
        directory.resolve("store.yaml"),
        """
        listen: 127.0.0.1:0
        tls: {self_signed: true}
        identity_key: identity.pem
        %s
        allow_sample: true
        audit_log: audit.jsonl
        store: {%s}
        """
            .formatted(keks, store));
  }

  private KeyServerConfig config(String store, String keks) throws IOException {
    return KeyServerConfig.read(write(store, keks));
  }

  private static KeyEncryptionKeys keys(KeyServerConfig config) throws IOException {
    return KeyEncryptionKeys.load(
        config.keks(), KekFetcher.credentials(MEMORY, Optional.empty()), MEMORY);
  }

  /** What is done with the secrets under the keys of a configuration. */
  private interface Work {
    void with(SecretCatalog catalog, KeyEncryptionKeys keys) throws IOException;
  }

  private static void work(KeyServerConfig config, Work work) throws IOException {
    try (KeyEncryptionKeys keys = keys(config);
        Store store = Stores.open(config.store().orElseThrow())) {
      work.with(new SecretCatalog(store, KeyRing.of(keys), CLOCK), keys);
    }
  }

  private static void fill(SecretCatalog catalog) throws IOException {
    catalog.add("model", Set.of("sample"), "one".getBytes(UTF_8), LENT);
    catalog.rotate("model", "two".getBytes(UTF_8), LENT);
    catalog.add("off", Set.of("sample"), "three".getBytes(UTF_8), LENT);
    catalog.setState("off", OptionalInt.empty(), State.DISABLED);
    catalog.add("gone", Set.of("sample"), "four".getBytes(UTF_8), LENT);
    catalog.setState("gone", OptionalInt.empty(), State.DESTROYED);
  }

  private static String fetch(KeyServer server) throws IOException {
    try (StubClient client = new StubClient(server.port())) {
      var conversation = client.begin("model");
      return new String(conversation.open(client.ask(conversation.request())), UTF_8);
    }
  }

  @Test
  void inADirectoryEverythingIsUnderTheNewKeyWhileTheServerRuns() throws IOException {
    rotateWhileAServerRuns(DIRECTORY);
  }

  @Test
  void inEtcdEverythingIsUnderTheNewKeyWhileTheServerRuns() throws Exception {
    try (EtcdServer etcd = EtcdServer.start(directory)) {
      rotateWhileAServerRuns("etcd: {endpoints: [%s], timeout_seconds: 30}".formatted(etcd.url()));
    }
  }

  private void rotateWhileAServerRuns(String place) throws IOException {
    KeyServerConfig old = config(place, OLD);
    work(old, (catalog, keys) -> fill(catalog));
    try (KeyServer server = KeyServer.start(old, CLOCK, MEMORY)) {
      assertEquals("two", fetch(server));
      server.reload(write(place, BOTH));
      assertEquals("two", fetch(server));
      work(
          config(place, BOTH),
          (catalog, keys) -> {
            StoredWrappedSecrets secrets = new StoredWrappedSecrets(catalog);
            KekRotation rotation = new KekRotation(secrets, keys);
            assertEquals(new KekRotation.Result(3, 0), rotation.run());
            assertEquals(new KekRotation.Result(0, 3), rotation.run());
            String id = keys.current().id();
            assertEquals(Collections.nCopies(3, id), secrets.sealKeyIds());
            for (String entry : secrets.entries()) {
              assertEquals(id, secrets.read(entry).keyId());
            }
          });
      assertEquals("two", fetch(server));
      server.reload(write(place, NEW));
      assertEquals("two", fetch(server));
    }
    work(
        config(place, NEW),
        (catalog, keys) -> {
          StoredSecret model = catalog.find("model").orElseThrow();
          assertEquals(LEASE, model.versions().getFirst().terms().lease());
          assertEquals(
              "one", new String(catalog.unwrap("model", model.versions().getFirst()), UTF_8));
          assertEquals(
              List.of(State.DISABLED),
              catalog.find("off").orElseThrow().versions().stream()
                  .map(StoredSecret.Version::state)
                  .toList());
          assertEquals(
              State.DESTROYED, catalog.find("gone").orElseThrow().versions().getFirst().state());
        });
    assertThrows(IOException.class, () -> work(old, (catalog, keys) -> catalog.find("model")));
  }

  @Test
  void whatIsChangedMeanwhileKeepsTheChange() throws IOException {
    work(config(DIRECTORY, OLD), (catalog, keys) -> fill(catalog));
    work(
        config(DIRECTORY, BOTH),
        (catalog, keys) -> {
          StoredWrappedSecrets secrets = new StoredWrappedSecrets(catalog);
          String entry = secrets.entries().getFirst();
          assertEquals("version 1 of model", entry);
          WrappedSecret old = secrets.read(entry);
          WrappedSecret fresh = WrappedSecret.wrap("model", new byte[] {1}, keys.current());
          catalog.setState("model", OptionalInt.of(1), State.DESTROYED);
          assertFalse(secrets.replace(entry, old, fresh));
          String message =
              String.valueOf(
                  assertThrows(KeyServerConfigException.class, () -> secrets.read(entry))
                      .getMessage());
          assertTrue(message.contains(entry), message);
          assertEquals(
              State.DESTROYED, catalog.find("model").orElseThrow().versions().getFirst().state());
        });
  }
}
