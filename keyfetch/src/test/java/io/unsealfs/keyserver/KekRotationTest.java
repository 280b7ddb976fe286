package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyUnavailableException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretTerms;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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

/** Where key-encryption keys come from, and the change from one to the next. */
class KekRotationTest {
  private static final HeapMemory MEMORY = new HeapMemory();
  private static final KekFetcher NOBODY =
      source -> {
        throw new KeyUnavailableException("nobody is there");
      };
  private static final String BOTH =
      "keks:\n  - key: file:kek.new\n  - key: file:kek\nallow_sample: true";

  @TempDir Path directory = Path.of("");
  private Path config = Path.of("");

  @BeforeEach
  void makeFiles() throws IOException {
    KeyServerFixture files = new KeyServerFixture(directory);
    files.secretFile("kek.new", "a5".repeat(32).getBytes(StandardCharsets.US_ASCII));
    config = files.configFile("allow_sample: true");
  }

  /** The fixture's configuration with other keys. */
  private KeyServerConfig configured(String keks) throws IOException {
    Files.writeString(
        config,
        Files.readString(config)
            .replace("kek_file: kek\n", "")
            .replace("allow_sample: true", keks));
    return KeyServerConfig.read(config);
  }

  private static KeyEncryptionKeys keys(KeyServerConfig config, KekFetcher fetcher)
      throws IOException {
    return KeyEncryptionKeys.load(config.keks(), fetcher, MEMORY);
  }

  private static KekRotation.Result rotate(KeyServerConfig config) throws IOException {
    try (KeyEncryptionKeys keys = keys(config, NOBODY)) {
      return new KekRotation(new WrappedSecretFiles(config), keys).run();
    }
  }

  private WrappedSecret onDisk(String name) throws IOException {
    return WrappedSecret.read(directory.resolve(name + ".wrapped"));
  }

  private static void assertReleases(KeyServer server) throws IOException {
    try (StubClient client = new StubClient(server.port())) {
      StubClient.Conversation conversation = client.begin("model");
      assertArrayEquals(
          KeyServerFixture.SECRET, conversation.open(client.ask(conversation.request())));
    }
  }

  @Test
  void secretsAreReleasedBeforeDuringAndAfterTheChange() throws IOException {
    String oldId = onDisk("model").keyId();
    try (KeyServer server =
        KeyServer.start(KeyServerConfig.read(config), Clock.systemUTC(), MEMORY)) {
      KeyServerConfig both = configured(BOTH);
      server.reload(config);
      assertReleases(server);
      assertEquals(new KekRotation.Result(2, 0), rotate(both));
      assertReleases(server);
      server.reload(config);
      assertReleases(server);
      Files.writeString(config, Files.readString(config).replace("  - key: file:kek\n", ""));
      server.reload(config);
      assertReleases(server);
    }
    assertFalse(onDisk("model").keyId().equals(oldId));
    assertEquals(onDisk("model").keyId(), onDisk("expired").keyId());
  }

  @Test
  void aChangeThatWasBrokenOffIsFinishedByTheNext() throws IOException {
    KeyServerConfig both = configured(BOTH);
    WrappedSecretFiles files = new WrappedSecretFiles(both);
    WrappedSecrets crashing =
        new WrappedSecrets() {
          private int done;

          @Override
          public List<String> entries() {
            return files.entries();
          }

          @Override
          public WrappedSecret read(String entry) throws IOException {
            return files.read(entry);
          }

          @Override
          public boolean replace(String entry, WrappedSecret old, WrappedSecret fresh)
              throws IOException {
            if (done++ > 0) {
              throw new IOException("crash");
            }
            return files.replace(entry, old, fresh);
          }
        };
    try (KeyEncryptionKeys keys = keys(both, NOBODY)) {
      assertThrows(IOException.class, () -> new KekRotation(crashing, keys).run());
    }
    assertFalse(onDisk("model").keyId().equals(onDisk("expired").keyId()));
    try (KeyServer server = KeyServer.start(both, Clock.systemUTC(), MEMORY)) {
      assertReleases(server);
    }
    assertEquals(new KekRotation.Result(1, 1), rotate(both));
  }

  @Test
  void aSecretThatIsChangedMeanwhileKeepsTheChange() throws IOException {
    KeyServerConfig both = configured(BOTH);
    WrappedSecretFiles files = new WrappedSecretFiles(both);
    byte[] other = "changed meanwhile".getBytes(StandardCharsets.UTF_8);
    WrappedSecrets racing =
        new WrappedSecrets() {
          private boolean changed;

          @Override
          public List<String> entries() {
            return List.of(directory.resolve("model.wrapped").toString());
          }

          @Override
          public WrappedSecret read(String entry) throws IOException {
            return files.read(entry);
          }

          @Override
          public boolean replace(String entry, WrappedSecret old, WrappedSecret fresh)
              throws IOException {
            if (!changed) {
              changed = true;
              new KeyServerFixture(directory).addSecret("model", other);
            }
            return files.replace(entry, old, fresh);
          }
        };
    try (KeyEncryptionKeys keys = keys(both, NOBODY)) {
      assertEquals(new KekRotation.Result(1, 0), new KekRotation(racing, keys).run());
      assertArrayEquals(other, onDisk("model").unwrap("model", keys.current()));
    }
  }

  @Test
  void aSecretUnderAnUnknownKeyIsNamedWithItsKey() throws IOException {
    String oldId = onDisk("model").keyId();
    KeyServerConfig onlyNew = configured("keks: [{key: 'file:kek.new'}]\nallow_sample: true");
    String message =
        String.valueOf(
            assertThrows(KeyServerConfigException.class, () -> rotate(onlyNew)).getMessage());
    assertTrue(message.contains("model") && message.contains(oldId), message);
    assertThrows(
        KeyServerConfigException.class, () -> KeyServer.start(onlyNew, Clock.systemUTC(), MEMORY));
  }

  @Test
  void aKeyComesFromACredentialOrAnotherReference() throws IOException {
    Path credentials = Files.createDirectory(directory.resolve("credentials"));
    Files.copy(directory.resolve("kek"), credentials.resolve("server-kek"));
    KeyServerConfig credential =
        configured("keks: [{key: 'credential:server-kek'}]\nallow_sample: true");
    try (KeyEncryptionKeys keys =
        keys(credential, KekFetcher.credentials(MEMORY, Optional.of(credentials)))) {
      assertEquals(onDisk("model").keyId(), keys.current().id());
    }
    assertThrows(
        IOException.class,
        () -> keys(credential, KekFetcher.credentials(MEMORY, Optional.empty())));
    Files.writeString(
        config,
        Files.readString(config)
            .replace(
                "credential:server-kek'",
                "grpc://keys.example:7443/kek', server_pin: ['sha256:"
                    + "0a".repeat(32)
                    + "'], attester: tdx"));
    KeyServerConfig remote = KeyServerConfig.read(config);
    KekSource source = remote.keks().getFirst();
    assertEquals(List.of("sha256:" + "0a".repeat(32)), source.trust().pins());
    assertEquals("tdx", source.attester());
    try (KeyEncryptionKeys keys = keys(remote, asked -> secret("5a".repeat(32), asked))) {
      assertEquals(onDisk("model").keyId(), keys.current().id());
    }
    assertThrows(KeyUnavailableException.class, () -> keys(remote, NOBODY));
  }

  /** What a fetcher answers: read as the reference says. */
  private static Secret secret(String text, KekSource source) throws IOException {
    try (Secret raw =
        new Secret(MEMORY.copyOf(text.getBytes(StandardCharsets.UTF_8)), SecretTerms.NONE)) {
      return source.key().reading().apply(raw, MEMORY);
    }
  }

  @Test
  void aPassphraseBecomesAKeyByItsParametersOnly() throws IOException {
    KeyReference reference = KeyReference.parse("prompt:");
    KekSource asked =
        new KekSource(reference, Optional.empty(), KekSource.file(directory).trust(), "auto");
    PassphraseKdf kdf;
    try (Secret passphrase = secret("correct horse battery\n", asked)) {
      kdf = PassphraseKdf.create(passphrase, MEMORY);
    }
    Files.write(directory.resolve("kek.kdf"), kdf.encode());
    KeyServerConfig config =
        configured("keks: [{key: 'prompt:', kdf: kek.kdf}, {key: 'file:kek'}]\nallow_sample: true");
    int[] prompts = {0};
    KekFetcher typed =
        source -> {
          prompts[0]++;
          return secret("correct horse battery\n", source);
        };
    KeyEncryptionKeys again;
    try (KeyEncryptionKeys keys = keys(config, typed)) {
      assertEquals(kdf.keyId(), keys.current().id());
      again = KeyEncryptionKeys.load(config.keks(), typed, MEMORY, keys);
      assertEquals(1, prompts[0], "who typed it once is not asked at a reload");
      assertEquals(keys.ids(), again.ids());
    }
    try (again) {
      WrappedSecret wrapped = WrappedSecret.wrap("a", new byte[] {1}, again.current());
      assertArrayEquals(new byte[] {1}, wrapped.unwrap("a", again.of(wrapped)));
    }
    String message =
        String.valueOf(
            assertThrows(
                    KeyServerConfigException.class,
                    () -> keys(config, source -> secret("incorrect horse", source)))
                .getMessage());
    assertTrue(message.contains("passphrase") && !message.contains("horse"), message);
  }

  @Test
  void parametersOutOfBoundsOrOfAnotherFormAreRefused() throws IOException {
    PassphraseKdf kdf;
    try (Secret passphrase = new Secret(MEMORY.copyOf(new byte[] {1, 2, 3}), SecretTerms.NONE)) {
      kdf = PassphraseKdf.create(passphrase, MEMORY);
    }
    byte[] good = kdf.encode();
    assertArrayEquals(good, PassphraseKdf.parse(good, "x").encode());
    String text = new String(good, StandardCharsets.UTF_8);
    for (String[] change :
        new String[][] {
          {"\"65536\"", "\"262145\""},
          {"\"65536\"", "\"8191\""},
          {"\"65536\"", "\"99999999999\""},
          {"\"65536\"", "\"-1\""},
          {"\"65536\"", "65536"},
          {"\"passes\":\"3\"", "\"passes\":\"17\""},
          {"\"passes\":\"3\"", "\"passes\":\"03\""},
          {"\"lanes\":\"4\"", "\"lanes\":\"0\""},
          {"argon2id", "argon2i"},
          {"\"version\":\"1\"", "\"version\":\"2\""},
          {"\"salt\":\"", "\"salt\":\"AAAA"},
          {"\"salt\":\"", "\"salt\":\"!"},
          {"{", "{ "},
          {"{", "{\"more\":\"1\","},
          {"{", "["}
        }) {
      byte[] bad = text.replace(change[0], change[1]).getBytes(StandardCharsets.UTF_8);
      assertFalse(text.equals(new String(bad, StandardCharsets.UTF_8)), change[1]);
      assertThrows(KeyServerConfigException.class, () -> PassphraseKdf.parse(bad, "x"), change[1]);
    }
    for (int length = 0; length < good.length; length++) {
      byte[] cut = java.util.Arrays.copyOf(good, length);
      assertThrows(KeyServerConfigException.class, () -> PassphraseKdf.parse(cut, "x"));
    }
    byte[] newer =
        text.replace("\"version\":\"1\"", "\"version\":\"2\",\"more\":\"\"")
            .getBytes(StandardCharsets.UTF_8);
    String refusal =
        String.valueOf(
            assertThrows(
                    KeyServerConfigException.class, () -> PassphraseKdf.parse(newer, "kek.kdf"))
                .getMessage());
    assertTrue(refusal.contains("kek.kdf: has format 2, and this program knows only"), refusal);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "keks: []",
        "keks: [{key: 'file:kek'}, {key: 'file:kek'}]",
        "keks: [{key: 'nothing:kek'}]",
        "keks: [{key: 'file:kek', attester: other}]",
        "keks: [{key: 'file:kek', unknown: 1}]",
        "kek_file: kek\nkeks: [{key: 'file:kek'}]"
      })
  void listsOfKeysThatAreNotUnderstoodAreRefused(String keks) {
    assertThrows(KeyServerConfigException.class, () -> configured(keks));
  }

  @Test
  void theSameKeyTwiceAndKeysThatAreNoneAreRefused() throws IOException {
    Files.copy(directory.resolve("kek"), directory.resolve("copy"));
    KeyServerConfig twice =
        configured("keks: [{key: 'file:kek'}, {key: 'file:copy'}]\nallow_sample: true");
    assertThrows(KeyServerConfigException.class, () -> keys(twice, NOBODY));
    Files.writeString(directory.resolve("kek"), "too short");
    assertThrows(IOException.class, () -> keys(twice, NOBODY));
  }
}
