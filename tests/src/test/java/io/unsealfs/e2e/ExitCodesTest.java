package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every refusal has its exit code and one line that says what, on what, and why. */
class ExitCodesTest {
  private static final String SOME_PIN = "sha256:" + "0".repeat(64);

  @TempDir static Path shared;
  private static Path volume = Path.of("");
  private static String key = "";
  @TempDir Path scratch;
  private Path mountPoint = Path.of("");

  @BeforeAll
  static void unpack() throws IOException, InterruptedException {
    VectorVolume vector = VectorVolume.named("plaintextnames");
    volume = vector.unpack(shared);
    key = Secrets.reference(shared, vector.password());
  }

  @BeforeEach
  void makeMountPoint() throws IOException {
    mountPoint = Files.createDirectory(scratch.resolve("mnt"));
  }

  private Outcome mount(Path source, String... more) throws IOException, InterruptedException {
    return Command.unsealfs(scratch, "mount", source.toString(), mountPoint.toString())
        .with(more)
        .run();
  }

  /** One line, from us, about {@code subject}, and nothing for programmers. */
  private static void assertRefusal(Outcome outcome, int status, String subject) {
    outcome.assertStatus(status);
    String line = outcome.errLine();
    assertTrue(line.startsWith("unsealfs: "), line);
    assertTrue(line.contains(subject), () -> "'" + subject + "' is not in: " + line);
    assertFalse(line.contains("Exception"), line);
    assertFalse(line.contains("io.unsealfs"), line);
    assertEquals("", outcome.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"mount", "umount", "ls", "cat", "export", "check", "encrypt", "info"})
  void aCommandWithoutItsOperandsIsAUsageError(String command)
      throws IOException, InterruptedException {
    assertRefusal(Command.unsealfs(scratch, command).run(), 2, command);
  }

  @ParameterizedTest
  @CsvSource({
    "--no-such-option",
    "-Z",
    "--cache=lots",
    "--umask=999",
    "--transport=carrier-pigeon"
  })
  void aWrongOptionIsAUsageErrorThatNamesIt(String option)
      throws IOException, InterruptedException {
    String name = option.contains("=") ? option.substring(0, option.indexOf('=')) : option;
    assertRefusal(mount(volume, "--key", key, option), 2, name);
  }

  @Test
  void anUnknownCommandIsAUsageError() throws IOException, InterruptedException {
    assertRefusal(Command.unsealfs(scratch, "moutn").run(), 2, "moutn");
  }

  @Test
  void aMountWithoutAnyKeyIsAUsageError() throws IOException, InterruptedException {
    assertRefusal(mount(volume), 2, "--key");
  }

  @Test
  void aKeyOfAnUnknownKindIsAUsageError() throws IOException, InterruptedException {
    // the word itself is not repeated: it may be a secret
    assertRefusal(mount(volume, "--key", "carrier:pigeon"), 2, "scheme");
  }

  @Test
  void aSecretWrittenIntoTheKeyOptionIsNotRepeated() throws IOException, InterruptedException {
    Outcome outcome = mount(volume, "--key", "correct horse battery staple");
    outcome.assertStatus(2);
    assertFalse(outcome.err().contains("horse"), outcome.err());
  }

  @Test
  void readingWritableIsRefused() throws IOException, InterruptedException {
    assertRefusal(mount(volume, "--key", key, "-o", "rw"), 2, "read-only");
  }

  @Test
  void withoutATeeTheTdxAttesterIsRefused() throws IOException, InterruptedException {
    assertRefusal(Command.unsealfs(scratch, "attest", "--attester", "tdx").run(), 20, "attest");
    assertRefusal(Command.unsealfs(scratch, "attest").run(), 20, "no TEE");
  }

  @Test
  void aServerThatNobodyVouchesForIsRefusedBeforeAnyConversation()
      throws IOException, InterruptedException {
    try (ServerSocket nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Outcome outcome =
          mount(volume, "--key", "grpc://127.0.0.1:" + nobody.getLocalPort() + "/model");
      assertRefusal(outcome, 2, "--insecure-server");
    }
  }

  @Test
  void aServerThatCannotBeReachedMayBeTriedAgain() throws IOException, InterruptedException {
    int port = freePort();
    Outcome outcome =
        mount(
            volume,
            "--key",
            "grpc://127.0.0.1:" + port + "/model",
            "--server-pin",
            SOME_PIN,
            "--attester",
            "none");
    List<String> lines = outcome.errLines();
    assertEquals(2, lines.size(), outcome::toString);
    // first what is being waited for, then how it ended
    assertTrue(lines.getFirst().contains("asking again until "), outcome::toString);
    assertRefusal(
        new Outcome(outcome.command(), outcome.status(), outcome.out(), lines.getLast()),
        22,
        "127.0.0.1:" + port);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Test
  void aMissingSourceIsRefused() throws IOException, InterruptedException {
    Path missing = scratch.resolve("no-such-volume");
    assertRefusal(mount(missing, "--key", key), 23, missing.toString());
  }

  @Test
  void aDirectoryThatIsNoVolumeIsRefused() throws IOException, InterruptedException {
    Path plain = Files.createDirectory(scratch.resolve("plain"));
    assertRefusal(mount(plain, "--key", key), 23, plain.toString());
  }

  @Test
  void aFileThatIsNoImageIsRefused() throws IOException, InterruptedException {
    Path image = Files.write(scratch.resolve("disk.img"), new byte[4096]);
    assertRefusal(mount(image, "--key", key), 23, image.toString());
  }

  @Test
  void aMalformedHeaderIsRefusedBeforeAnyKeyIsFetched() throws IOException, InterruptedException {
    Path broken = Files.createDirectory(scratch.resolve("broken"));
    Files.writeString(broken.resolve("gocryptfs.conf"), "{\"Version\": 2, ");
    assertRefusal(mount(broken, "--key", "file:/no/such/key"), 23, "gocryptfs.conf");
  }

  @Test
  void aFidoVolumeIsRefusedByName() throws IOException, InterruptedException {
    Path fido = Files.createDirectory(scratch.resolve("fido"));
    String conf = Files.readString(volume.resolve("gocryptfs.conf"));
    Files.writeString(
        fido.resolve("gocryptfs.conf"),
        conf.replace("\"PlaintextNames\"", "\"PlaintextNames\", \"FIDO2\""));
    assertRefusal(mount(fido, "--key", key), 23, "FIDO2");
  }

  @Test
  void anAbsurdKeyDerivationCostIsRefused() throws IOException, InterruptedException {
    Path greedy = Files.createDirectory(scratch.resolve("greedy"));
    String conf = Files.readString(volume.resolve("gocryptfs.conf"));
    Files.writeString(
        greedy.resolve("gocryptfs.conf"), conf.replaceFirst("\"N\": *1024", "\"N\": 268435456"));
    assertRefusal(mount(greedy, "--key", key), 23, "scrypt");
  }

  @Test
  void aWrongPassphraseIsRefused() throws IOException, InterruptedException {
    Outcome outcome = mount(volume, "--key", Secrets.reference(scratch, "tomatoes are blue"));
    assertRefusal(outcome, 24, "passphrase");
    assertFalse(outcome.err().contains("tomatoes"), outcome.err());
  }

  @Test
  void aWrongMasterKeyIsRefusedInsteadOfShowingGarbage() throws IOException, InterruptedException {
    assertRefusal(
        mount(volume, "--key", Secrets.reference(scratch, "ab".repeat(32)) + "?as=masterkey"),
        24,
        "key");
  }

  @Test
  void aMissingMountPointIsRefused() throws IOException, InterruptedException {
    Path missing = scratch.resolve("nowhere");
    assertRefusal(
        Command.unsealfs(scratch, "mount", volume.toString(), missing.toString(), "--key", key)
            .run(),
        25,
        missing.toString());
  }

  @Test
  void aFileAsMountPointIsRefused() throws IOException, InterruptedException {
    Path file = Files.createFile(scratch.resolve("file"));
    assertRefusal(
        Command.unsealfs(scratch, "mount", volume.toString(), file.toString(), "--key", key).run(),
        25,
        file.toString());
  }

  @Test
  void aDirectoryWithSomethingInItIsNoMountPoint() throws IOException, InterruptedException {
    Files.createFile(mountPoint.resolve("precious"));
    assertRefusal(mount(volume, "--key", key), 25, mountPoint.toString());
    assertTrue(Files.exists(mountPoint.resolve("precious")));
  }

  @Test
  void aMountPointInsideTheSourceIsRefused() throws IOException, InterruptedException {
    Path copy = copyOfVolume();
    Path inside = Files.createDirectory(copy.resolve("inside"));
    assertRefusal(
        Command.unsealfs(scratch, "mount", copy.toString(), inside.toString(), "--key", key).run(),
        25,
        inside.toString());
  }

  @Test
  void unmountingWhatIsNotMountedIsRefused() throws IOException, InterruptedException {
    assertRefusal(
        Command.unsealfs(scratch, "umount", mountPoint.toString()).run(),
        25,
        mountPoint.toString());
  }

  @Test
  void somebodyElsesMountIsNotUnmounted() throws IOException, InterruptedException {
    assertRefusal(Command.unsealfs(scratch, "umount", "/proc").run(), 25, "/proc");
    assertTrue(MountTable.isMounted(Path.of("/proc")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"cat", "export", "check"})
  void damageFoundWhileReadingIsReported(String command) throws IOException, InterruptedException {
    Path copy = copyOfVolume();
    Path file = copy.resolve("big/128KiB-plus-1.bin");
    CiphertextFile.flipByteOfBlock(file, 3);
    Command run = Command.unsealfs(scratch, command, copy.toString());
    switch (command) {
      case "cat" -> run.with("big/128KiB-plus-1.bin");
      case "export" -> run.with(scratch.resolve("exported").toString());
      default -> {}
    }
    Outcome outcome = run.with("--key", key).run();
    outcome.assertStatus(26);
    String all = outcome.err() + (command.equals("check") ? outcome.out() : "");
    assertTrue(all.contains("big/128KiB-plus-1.bin"), outcome::toString);
    assertFalse(outcome.err().contains("Exception"), outcome::toString);
    if (command.equals("cat")) {
      assertTrue(outcome.err().contains("from where it came from"), outcome::toString);
    }
  }

  @ParameterizedTest
  @CsvSource({"23, no/such/file", "23, big"})
  void whatIsNoFileInTheVolumeCannotBeShown(int status, String path)
      throws IOException, InterruptedException {
    assertRefusal(
        Command.unsealfs(scratch, "cat", volume.toString(), path, "--key", key).run(),
        status,
        path);
  }

  @Test
  void anUndamagedVolumePassesItsCheck() throws IOException, InterruptedException {
    Command.unsealfs(scratch, "check", volume.toString(), "--key", key).run().assertStatus(0);
  }

  @Test
  void aVolumeWithAnotherHeaderThanThePinnedOneIsRefused()
      throws IOException, InterruptedException {
    assertRefusal(mount(volume, "--key", key, "--header-digest", SOME_PIN), 27, SOME_PIN);
    assertFalse(MountTable.isMounted(mountPoint));
  }

  @Test
  void theHeaderDigestThatInfoShowsIsTheOneToPin() throws IOException, InterruptedException {
    Json info =
        Json.parse(
            Command.unsealfs(scratch, "info", volume.toString(), "--json")
                .run()
                .assertStatus(0)
                .out());
    String digest = info.get("header_digest").text();
    Command.unsealfs(scratch, "ls", volume.toString(), "--key", key, "--header-digest", digest)
        .run()
        .assertStatus(0);
  }

  @ParameterizedTest
  @CsvSource({
    "24, ls VOLUME --key KEY",
    "23, ls /no/such/volume --key KEY",
    "27, ls VOLUME --key KEY --header-digest " + "PIN",
    "2, ls VOLUME --key KEY --no-such-option",
    "2, ls VOLUME",
  })
  void inJsonARefusalIsOneObject(int status, String words)
      throws IOException, InterruptedException {
    String reference = status == 24 ? Secrets.reference(scratch, "wrong") : key;
    Command run = Command.unsealfs(scratch, "--log-format", "json");
    for (String word : words.split(" ", -1)) {
      run.with(
          word.replace("VOLUME", volume.toString())
              .replace("KEY", reference)
              .replace("PIN", SOME_PIN));
    }
    Outcome outcome = run.run();
    outcome.assertStatus(status);
    Json line = Json.parse(outcome.errLine());
    assertEquals(status, line.get("exit").number());
    assertEquals("error", line.get("level").text());
    assertEquals("ls", line.get("operation").text());
    assertFalse(line.get("message").text().isBlank());
  }

  private Path copyOfVolume() throws IOException {
    Path copy = scratch.resolve("copy");
    try (var files = Files.walk(volume)) {
      for (Path file : files.toList()) {
        if (!Files.isSymbolicLink(file) && (Files.isDirectory(file) || Files.isRegularFile(file))) {
          Files.copy(
              file,
              copy.resolve(volume.relativize(file).toString()),
              StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
    return copy;
  }
}
