package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Key server, client and mount as processes of their own; one server for all tests. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KeyServerTest {
  private static final Pattern SERVING =
      Pattern.compile("serving on port ([0-9]+); identity (sha256:[0-9a-f]{64})");

  @TempDir static Path shared;
  @TempDir Path scratch;
  private Path config = Path.of("");
  private final VectorVolume vector = VectorVolume.named("default-scrypt16");
  private Path volume = Path.of("");
  private @Nullable Running server;
  private String address = "";
  private String pin = "";

  @BeforeAll
  void startServer() throws IOException, InterruptedException {
    volume = vector.unpack(shared);
    Path directory = shared.resolve("server");
    Command.unsealfs(shared, "keyserver", "init", directory.toString())
        .with("--listen", "127.0.0.1:0", "--allow-sample")
        .run()
        .assertStatus(0);
    config = directory.resolve("keyserver.yaml");
    addSecret("model", vector.password());
    Running started = Command.unsealfs(shared, "keyserver", "--config", config.toString()).start();
    server = started;
    Matcher serving = SERVING.matcher(started.awaitLine("serving on port"));
    assertTrue(serving.find(), started::toString);
    address = "grpc://127.0.0.1:" + serving.group(1) + "/";
    pin = serving.group(2);
  }

  @AfterAll
  void stopServer() throws IOException {
    if (server != null) {
      server.close();
    }
  }

  private void addSecret(String name, String secret) throws IOException, InterruptedException {
    Command.unsealfs(shared, "keyserver", "secret", "add", name, "--config", config.toString())
        .with("--key", Secrets.reference(shared, secret), "--allow", "sample")
        .run()
        .assertStatus(0);
  }

  private Outcome fetch(String name, String... options) throws IOException, InterruptedException {
    return Command.unsealfs(scratch, "key", "fetch", address + name).with(options).run();
  }

  private Running server() {
    if (server == null) {
      throw new AssertionError("no server");
    }
    return server;
  }

  @Test
  void aMountFetchesItsKeyOverTheAttestedChannel() throws IOException, InterruptedException {
    Needs.fuse();
    try (Mounted mounted =
        Mounted.mount(
            scratch,
            volume,
            "--key",
            address + "model",
            "--server-pin",
            pin,
            "--attester",
            "sample")) {
      TreeSnapshot.of(mounted.path()).assertEqualTo(vector.expected());
      assertTrue(
          mounted.outcome().err().contains("sample"),
          () -> "sample evidence is used in silence: " + mounted.outcome());
    }
  }

  @Test
  void theSecretComesOutAsItWentIn() throws IOException, InterruptedException {
    Outcome fetched = fetch("model", "--server-pin", pin, "--attester", "sample").assertStatus(0);
    assertEquals(vector.password(), fetched.out().stripTrailing());
  }

  @Test
  void withoutEvidenceNothingIsReleased() throws IOException, InterruptedException {
    Outcome outcome = fetch("model", "--server-pin", pin, "--attester", "none").assertStatus(21);
    assertEquals("", outcome.out());
    assertTrue(outcome.errLine().startsWith("unsealfs: "), outcome::toString);
    assertFalse(outcome.err().contains(vector.password()));
  }

  @Test
  void unknownAndRefusedSecretsAnswerAlike() throws IOException, InterruptedException {
    Outcome refused = fetch("model", "--server-pin", pin, "--attester", "none").assertStatus(21);
    Outcome unknown = fetch("nodel", "--server-pin", pin, "--attester", "none").assertStatus(21);
    assertEquals(refused.errLine().replace("model", "nodel"), unknown.errLine());
    fetch("nodel", "--server-pin", pin, "--attester", "sample").assertStatus(21);
  }

  @Test
  void anotherServerThanThePinnedOneGetsNothing() throws IOException, InterruptedException {
    Outcome outcome =
        fetch("model", "--server-pin", "sha256:" + "1".repeat(64), "--attester", "sample");
    assertTrue(outcome.status() == 21 || outcome.status() == 22, outcome::toString);
    assertEquals("", outcome.out());
  }

  @Test
  void withoutATeeTheTdxAttesterEndsTheMount() throws IOException, InterruptedException {
    fetch("model", "--server-pin", pin, "--attester", "tdx").assertStatus(20);
  }

  private String audit() throws IOException {
    return Files.readString(config.resolveSibling("audit.jsonl"));
  }

  @Test
  void eachRequestLeavesALineInTheAuditLog() throws IOException, InterruptedException {
    long before = audit().lines().count();
    fetch("model", "--server-pin", pin, "--attester", "sample").assertStatus(0);
    fetch("model", "--server-pin", pin, "--attester", "none").assertStatus(21);
    String audit = audit();
    assertEquals(
        2, audit.lines().skip(before).filter(line -> line.contains("model")).count(), audit);
    for (String line : audit.lines().toList()) {
      Json.parse(line);
    }
    assertFalse(audit.contains(vector.password()));
  }

  @Test
  void aHangUpMakesItReadItsConfigurationAgain() throws IOException, InterruptedException {
    addSecret("second", "another secret");
    server().signal("HUP");
    server().awaitLine("read again");
    assertEquals(
        "another secret",
        fetch("second", "--server-pin", pin, "--attester", "sample")
            .assertStatus(0)
            .out()
            .stripTrailing());
  }

  @Test
  void anAuditLogVerifiesUntilItIsChanged() throws IOException, InterruptedException {
    fetch("model", "--server-pin", pin, "--attester", "sample").assertStatus(0);
    Path copy = Files.writeString(scratch.resolve("audit.jsonl"), audit());
    String good = unsealfs("audit", "verify", copy.toString()).assertStatus(0).out();
    String hash = good.substring(good.lastIndexOf(' ') + 1).strip();
    unsealfs("audit", "verify", copy.toString(), "--expect-last", hash).assertStatus(0);
    List<String> lines = Files.readAllLines(copy);
    Files.write(copy, lines.subList(0, lines.size() - 1));
    unsealfs("audit", "verify", copy.toString()).assertStatus(0);
    unsealfs("audit", "verify", copy.toString(), "--expect", hash).assertStatus(26);
    lines.set(0, lines.getFirst().replace("begin", "began"));
    Files.write(copy, lines);
    unsealfs("audit", "verify", copy.toString()).assertStatus(26);
    unsealfs("audit", "verify", scratch.resolve("missing").toString()).assertStatus(23);
    unsealfs("audit", "verify", copy.toString(), "--expect", "xyz").assertStatus(2);
  }

  private Outcome unsealfs(String... words) throws IOException, InterruptedException {
    return Command.unsealfs(scratch, words).run();
  }

  /** Has it read its configuration again. */
  private void hangUp() throws IOException, InterruptedException {
    long before = readings();
    server().signal("HUP");
    Processes.await("it has read its configuration again", () -> readings() > before);
  }

  private long readings() {
    return server().lines().stream().filter(line -> line.contains("read again")).count();
  }

  @Test
  void theKeyOfItsSecretsIsChangedWhileItRuns() throws IOException, InterruptedException {
    Path fresh = config.resolveSibling("kek.new");
    Files.writeString(fresh, "a5".repeat(32));
    Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
    String before = Files.readString(config);
    Files.writeString(
        config,
        before.replace("kek_file: kek\n", "keks: [{key: 'file:kek.new'}, {key: 'file:kek'}]\n"));
    hangUp();
    unsealfs("keyserver", "kek", "rotate", "--config", config.toString()).assertStatus(0);
    fetch("model", "--server-pin", pin, "--attester", "sample").assertStatus(0);
    hangUp();
    String list =
        unsealfs("keyserver", "kek", "list", "--config", config.toString()).assertStatus(0).out();
    assertTrue(list.lines().toList().getLast().contains(" 0 secrets, 0 records "), list);
    Files.writeString(config, Files.readString(config).replace(", {key: 'file:kek'}", ""));
    hangUp();
    unsealfs("keyserver", "secret", "show", "model", "--config", config.toString()).assertStatus(0);
    fetch("model", "--server-pin", pin, "--attester", "sample").assertStatus(0);
  }

  @Test
  void aPassphraseBecomesAKeyEncryptionKey() throws IOException, InterruptedException {
    Path passphrase = Files.writeString(scratch.resolve("passphrase"), "correct horse battery\n");
    Path kdf = scratch.resolve("kek.kdf");
    unsealfs("keyserver", "kek", "derive", kdf.toString(), "--key", "file:" + passphrase)
        .assertStatus(0);
    assertFalse(Files.readString(kdf).contains("horse"));
    unsealfs("keyserver", "kek", "derive", kdf.toString(), "--key", "file:" + passphrase)
        .assertStatus(2);
    Files.writeString(passphrase, "short");
    unsealfs("keyserver", "kek", "derive", kdf + "2", "--key", "file:" + passphrase)
        .assertStatus(2);
  }

  @Test
  void secretsDoNotLieInTheServersFiles() throws IOException, InterruptedException {
    new Command(scratch, "grep", "-r", "-a", "-l", "-e", vector.password())
        .with(shared.resolve("server").toString())
        .run()
        .assertStatus(1);
  }

  @Test
  void aVolumeEncryptedWithAFetchedKeyMountsWithIt() throws IOException, InterruptedException {
    Needs.fuse();
    Path plain = Files.createDirectory(scratch.resolve("plain"));
    Files.writeString(plain.resolve("weights"), "some weights");
    Path sealed = scratch.resolve("sealed");
    String[] keyWords = {"--key", address + "model", "--server-pin", pin, "--attester", "sample"};
    Command.unsealfs(scratch, "encrypt", plain.toString(), sealed.toString())
        .with("--format", "gocryptfs")
        .with(keyWords)
        .run()
        .assertStatus(0);
    try (Mounted mounted = Mounted.mount(scratch, sealed, keyWords)) {
      TreeSnapshot.of(mounted.path()).assertEqualTo(TreeSnapshot.of(plain));
    }
  }
}
