package io.unsealfs.keyserver;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.LeaseTerms;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.keyserver.SecretCatalog.Conditions;
import io.unsealfs.keyserver.StoredSecret.State;
import io.unsealfs.keyserver.StoredSecret.Version;
import io.unsealfs.keyserver.store.FileStore;
import io.unsealfs.keyserver.store.Store;
import io.unsealfs.keyserver.store.StoreEntry;
import io.unsealfs.keyserver.store.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Secrets, versions and states in a store. */
class SecretCatalogTest {
  private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");
  private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
  private static final Conditions PLAIN =
      new Conditions(Optional.empty(), Optional.empty(), terms(Optional.empty()));
  private static final OptionalInt ALL = OptionalInt.empty();

  private final KeyEncryptionKey kek = key(1);
  @TempDir Path scratch = Path.of("");
  private Store store = new NoStore();
  private SecretCatalog catalog = catalog(kek);

  @BeforeEach
  void open() throws IOException {
    store = FileStore.open(scratch.resolve("store"));
    catalog = catalog(kek);
  }

  private SecretCatalog catalog(KeyEncryptionKey key) {
    return new SecretCatalog(store, KeyRing.of(key), CLOCK);
  }

  private static KeyEncryptionKey key(int fill) {
    byte[] bytes = new byte[KeyEncryptionKey.SIZE];
    Arrays.fill(bytes, (byte) fill);
    return KeyEncryptionKey.of(bytes, new HeapMemory());
  }

  private static SecretTerms terms(Optional<Instant> expiry) {
    return new SecretTerms(Optional.empty(), Optional.empty(), expiry, true);
  }

  private void add(String name, String secret) throws IOException {
    catalog.add(name, Set.of("sample"), secret.getBytes(UTF_8), PLAIN);
  }

  private StoredSecret find(String name) throws IOException {
    return catalog.find(name).orElseThrow();
  }

  private String released(String name) throws IOException {
    Version version = find(name).released(NOW).orElseThrow();
    return new String(catalog.unwrap(name, version), UTF_8);
  }

  private List<State> states(String name) throws IOException {
    return find(name).versions().stream().map(Version::state).toList();
  }

  @Test
  void aSecretComesOutAsItWentIn() throws IOException {
    Conditions conditions =
        new Conditions(
            Optional.of(NOW.minusSeconds(1)),
            Optional.of(NOW.plusSeconds(1)),
            new SecretTerms(
                Optional.of("sha256:" + "0a".repeat(32)),
                Optional.of("sha256:" + "0b".repeat(32)),
                Optional.of(NOW.plusSeconds(2)),
                true));
    catalog.add("model", Set.of("sample"), "s3cret".getBytes(UTF_8), conditions);
    StoredSecret found = find("model");
    Version version = found.versions().getFirst();
    assertEquals(Set.of("sample"), found.evidence());
    assertEquals(conditions.notBefore(), version.notBefore());
    assertEquals(conditions.notAfter(), version.notAfter());
    assertEquals(conditions.terms(), version.terms());
    assertEquals(NOW, version.createdAt());
    assertEquals("s3cret", released("model"));
  }

  @Test
  void aNameIsAddedOnce() throws IOException {
    add("model", "one");
    assertThrows(KeyServerConfigException.class, () -> add("model", "two"));
    assertEquals("one", released("model"));
  }

  @Test
  void theNewestVersionIsReleased() throws IOException {
    add("model", "one");
    catalog.rotate("model", "two".getBytes(UTF_8), PLAIN);
    assertEquals("two", released("model"));
  }

  @Test
  void aDisabledVersionMakesRoomForTheOneBefore() throws IOException {
    add("model", "one");
    catalog.rotate("model", "two".getBytes(UTF_8), PLAIN);
    catalog.setState("model", OptionalInt.of(2), State.DISABLED);
    assertEquals("one", released("model"));
    catalog.setState("model", OptionalInt.of(2), State.ENABLED);
    assertEquals("two", released("model"));
  }

  @Test
  void aSecretDisabledAsAWholeIsNotReleased() throws IOException {
    add("model", "one");
    catalog.rotate("model", "two".getBytes(UTF_8), PLAIN);
    catalog.setState("model", ALL, State.DISABLED);
    assertTrue(find("model").released(NOW).isEmpty());
    assertTrue(find("model").obstacle(NOW).contains("disabled"));
  }

  @Test
  void aDestroyedVersionIsGoneForGood() throws IOException {
    add("model", "one");
    catalog.rotate("model", "two".getBytes(UTF_8), PLAIN);
    catalog.setState("model", OptionalInt.of(1), State.DESTROYED);
    assertEquals(0, find("model").versions().getFirst().wrapped().length);
    assertThrows(
        KeyServerConfigException.class,
        () -> catalog.setState("model", OptionalInt.of(1), State.ENABLED));
    catalog.setState("model", ALL, State.DISABLED);
    assertEquals(List.of(State.DESTROYED, State.DISABLED), states("model"));
  }

  @Test
  void datesAreJudged() throws IOException {
    Conditions later =
        new Conditions(Optional.of(NOW.plusSeconds(60)), Optional.empty(), PLAIN.terms());
    Conditions until =
        new Conditions(Optional.empty(), Optional.of(NOW.plusSeconds(60)), PLAIN.terms());
    Conditions expiring =
        new Conditions(Optional.empty(), Optional.empty(), terms(Optional.of(NOW.plusSeconds(60))));
    for (Conditions conditions : List.of(until, expiring)) {
      Version version = version(conditions);
      assertTrue(version.obstacle(NOW).isEmpty());
      assertTrue(version.obstacle(NOW.plusSeconds(59)).isEmpty());
      assertFalse(version.obstacle(NOW.plusSeconds(60)).isEmpty());
    }
    assertFalse(version(later).obstacle(NOW.plusSeconds(59)).isEmpty());
    assertTrue(version(later).obstacle(NOW.plusSeconds(60)).isEmpty());
  }

  private static Version version(Conditions conditions) {
    return new Version(
        1,
        State.ENABLED,
        NOW,
        conditions.notBefore(),
        conditions.notAfter(),
        conditions.terms(),
        new byte[1]);
  }

  @Test
  void aRemovedSecretCanBeAddedAnew() throws IOException {
    add("model", "one");
    catalog.remove("model");
    assertTrue(catalog.find("model").isEmpty());
    assertThrows(KeyServerConfigException.class, () -> catalog.remove("model"));
    add("model", "two");
    assertEquals("two", released("model"));
  }

  @Test
  void secretsAreListedByName() throws IOException {
    add("zebra", "one");
    add("ant", "two");
    assertEquals(List.of("ant", "zebra"), catalog.names());
    assertEquals(List.of("ant", "zebra"), catalog.list().stream().map(StoredSecret::name).toList());
  }

  @Test
  void theSecretDoesNotLieInTheStore() throws IOException {
    add("model", "correct horse battery staple");
    String value = new String(store.get("secrets/model").orElseThrow().value(), UTF_8);
    assertFalse(value.contains("correct horse"));
  }

  @Test
  void aRecordThatWasChangedIsRefusedWhereverItWasChanged() throws IOException {
    add("model", "one");
    StoreEntry entry = store.get("secrets/model").orElseThrow();
    for (int i = 0; i < entry.value().length; i++) {
      byte[] bad = entry.value().clone();
      bad[i] ^= 1;
      long revision = store.get("secrets/model").orElseThrow().revision();
      store.put("secrets/model", bad, revision);
      assertThrows(StoreException.class, () -> catalog.find("model"), "byte " + i);
    }
  }

  @Test
  void aRecordInThePlaceOfAnotherIsRefused() throws IOException {
    add("model", "one");
    store.put("secrets/other", store.get("secrets/model").orElseThrow().value(), Store.ABSENT);
    assertThrows(StoreException.class, () -> catalog.find("other"));
  }

  @Test
  void aRecordOfANewerProgramIsRefusedByName() throws IOException {
    store.put("secrets/model", "unsealfs secret 2 more\n{}".getBytes(UTF_8), Store.ABSENT);
    StoreException e = assertThrows(StoreException.class, () -> catalog.find("model"));
    assertTrue(String.valueOf(e.getMessage()).contains("format 2"), e::getMessage);
  }

  @Test
  void aMemberThatIsNotKnownIsRefused() throws IOException {
    add("model", "one");
    byte[] record = StoredSecretCodec.encode(find("model"));
    String more = new String(record, UTF_8).replace("\"number\"", "\"only_on\":\"x\",\"number\"");
    assertThrows(
        StoreException.class,
        () -> StoredSecretCodec.decode(more.getBytes(UTF_8), "model", "here"));
  }

  @Test
  void everyTruncationOfARecordIsRefused() throws IOException {
    add("model", "one");
    byte[] record = StoredSecretCodec.encode(find("model"));
    assertEquals("model", StoredSecretCodec.decode(record, "model", "here").name());
    for (int length = 0; length < record.length; length++) {
      byte[] cut = Arrays.copyOf(record, length);
      assertThrows(StoreException.class, () -> StoredSecretCodec.decode(cut, "model", "here"));
    }
  }

  @Test
  void underAnotherKeyNothingIsRead() throws IOException {
    add("model", "one");
    StoreException e = assertThrows(StoreException.class, () -> catalog(key(2)).find("model"));
    assertTrue(String.valueOf(e.getMessage()).contains(kek.id()), e::getMessage);
  }

  @Test
  void aLeaseIsKeptWithTheVersion() throws IOException {
    LeaseTerms lease =
        new LeaseTerms(Optional.of(Duration.ofHours(1)), Optional.of(Duration.ofMinutes(5)));
    SecretTerms terms =
        new SecretTerms(Optional.empty(), Optional.empty(), Optional.empty(), lease, true);
    catalog.add(
        "model",
        Set.of("sample"),
        "one".getBytes(UTF_8),
        new Conditions(Optional.empty(), Optional.empty(), terms));
    catalog.rotate("model", "two".getBytes(UTF_8), PLAIN);
    assertEquals(
        List.of(lease, LeaseTerms.NONE),
        find("model").versions().stream().map(version -> version.terms().lease()).toList());
  }

  @Test
  void moreVersionsThanAreKeptAreRefused() throws IOException {
    add("model", "one");
    for (int i = 2; i <= StoredSecret.MAX_VERSIONS; i++) {
      catalog.rotate("model", "more".getBytes(UTF_8), PLAIN);
    }
    assertThrows(
        KeyServerConfigException.class,
        () -> catalog.rotate("model", "more".getBytes(UTF_8), PLAIN));
  }

  /** Stands where there is no store yet. */
  private static final class NoStore implements Store {
    @Override
    public Optional<StoreEntry> get(String key) {
      throw new AssertionError("no store");
    }

    @Override
    public List<StoreEntry> list(String prefix) {
      throw new AssertionError("no store");
    }

    @Override
    public boolean put(String key, byte[] value, long expectedRevision) {
      throw new AssertionError("no store");
    }

    @Override
    public boolean delete(String key, long expectedRevision) {
      throw new AssertionError("no store");
    }

    @Override
    public String place() {
      return "nowhere";
    }

    @Override
    public void close() {}
  }

  @Test
  void releasesAreCountedUpToTheLimitByAllServers() throws IOException {
    StoredReleaseCounts one = new StoredReleaseCounts(store);
    StoredReleaseCounts other = new StoredReleaseCounts(FileStore.open(scratch.resolve("store")));
    assertTrue(one.take("model", 3));
    assertTrue(other.take("model", 3));
    assertTrue(one.take("model", 3));
    assertFalse(other.take("model", 3));
    assertFalse(one.take("model", 3));
    assertTrue(one.take("other", 1));
  }

  @Test
  void countsOfAFileAreTakenOverOnce() throws IOException {
    StoredReleaseCounts counts = new StoredReleaseCounts(store);
    counts.adopt(java.util.Map.of("model", 2));
    assertTrue(counts.take("model", 3));
    counts.adopt(java.util.Map.of("model", 0));
    assertFalse(counts.take("model", 3));
  }

  @Test
  void aVersionLivesAsLongAsItsDatesSay() throws IOException {
    Conditions until =
        new Conditions(Optional.empty(), Optional.of(NOW.plus(Duration.ofDays(1))), PLAIN.terms());
    catalog.add("model", Set.of(), "one".getBytes(UTF_8), until);
    assertTrue(find("model").released(NOW.plus(Duration.ofDays(1))).isEmpty());
    assertArrayEquals(
        "one".getBytes(UTF_8), catalog.unwrap("model", find("model").released(NOW).orElseThrow()));
  }
}
