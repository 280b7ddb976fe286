package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Name;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One set of options, however it is written. */
class OptionsTest {
  @TempDir static Path shared;
  private static VectorVolume vector = new VectorVolume("", "", "", emptyTree());
  private static Path volume = Path.of("");
  private static String key = "";
  @TempDir Path scratch;

  private static Json emptyTree() {
    try {
      return Json.parse("[]");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @BeforeAll
  static void unpack() throws IOException, InterruptedException {
    vector = VectorVolume.named("xchacha-plaintextnames");
    volume = vector.unpack(shared);
    key = Secrets.reference(shared, vector.password());
  }

  private Outcome ls(String... options) throws IOException, InterruptedException {
    return Command.unsealfs(scratch, "ls", volume.toString()).with(options).run();
  }

  @Test
  void theFirstKeyThatOpensTheVolumeIsTaken() throws IOException, InterruptedException {
    ls(
            "--key",
            "file:" + scratch.resolve("missing"),
            "--key",
            Secrets.reference(scratch, "wrong"),
            "--key",
            key)
        .assertStatus(0);
  }

  @Test
  void whenAllKeysFailTheReasonOfEachIsShownAndTheLastOneCounts()
      throws IOException, InterruptedException {
    Path missing = scratch.resolve("missing");
    Outcome outcome = ls("--key", "file:" + missing, "--key", Secrets.reference(scratch, "wrong"));
    outcome.assertStatus(24);
    assertTrue(outcome.errLine().contains(missing.toString()), outcome::toString);
  }

  @Test
  void whenOneKeyServiceCouldNotBeReachedTryingAgainCanHelp()
      throws IOException, InterruptedException {
    ls(
            "--key",
            "grpc://127.0.0.1:1/model",
            "--server-pin",
            "sha256:" + "0".repeat(64),
            "--attester",
            "none",
            "--key",
            Secrets.reference(scratch, "wrong"))
        .assertStatus(22);
  }

  @ParameterizedTest
  @ValueSource(strings = {"kernel", "jnr"})
  void aListOfMountOptionsMeansWhatTheSingleOptionsMean(String transport)
      throws IOException, InterruptedException {
    Needs.fuse();
    try (Mounted mounted =
        Mounted.mount(
            scratch,
            volume,
            "-o",
            "ro,noatime,key="
                + key
                + ",uid=1234,gid=4321,umask=077,fsname=llama,cache=8M,transport="
                + transport)) {
      for (TreeEntry entry : TreeSnapshot.of(mounted.path()).entries().values()) {
        assertEquals(1234, entry.uid());
        assertEquals(4321, entry.gid());
        assertEquals(0, entry.mode() & 077);
      }
      assertTrue(
          MountTable.describe(mounted.path()).contains(" llama "),
          MountTable.describe(mounted.path()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kernel", "jnr"})
  void aMountIsReadOnlyAndGivesNoRights(String transport) throws IOException, InterruptedException {
    Needs.fuse();
    try (Mounted mounted = Mounted.mount(scratch, volume, "--key", key, "--transport", transport)) {
      String described = MountTable.describe(mounted.path());
      for (String option : new String[] {"ro", "nosuid", "nodev", "default_permissions"}) {
        assertTrue(
            described.matches(".*[ ,]" + option + "([ ,].*|$)"), option + " not in " + described);
      }
      assertTrue(described.contains("fuse.unsealfs"), described);
      assertFalse(described.contains("allow_other"), described);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kernel", "jnr"})
  void aVolumeForOneUserShowsARootThatOnlyTheyMayEnter(String transport)
      throws IOException, InterruptedException {
    Needs.fuse();
    Needs.root();
    try (Mounted mounted =
        Mounted.mount(
            scratch, volume, "--key", key, "--allow-uid", "65534", "--transport", transport)) {
      TreeEntry root = entry(mounted.path(), "");
      assertEquals(65534, root.uid());
      assertEquals(0700, root.mode());
    }
  }

  private static TreeEntry entry(Path directory, String path) throws IOException {
    TreeEntry entry = TreeSnapshot.of(directory).entries().get(Name.of(path));
    if (entry == null) {
      throw new AssertionError("no " + path + " in " + directory);
    }
    return entry;
  }

  @Test
  void anArgumentFileHoldsOptions() throws IOException, InterruptedException {
    Path file = Files.writeString(scratch.resolve("options"), "--key\n" + key + "\n-l\n");
    assertTrue(ls("@" + file).assertStatus(0).out().contains("hello.bin"));
  }

  @Test
  void theEnvironmentHoldsDefaults() throws IOException, InterruptedException {
    assertEquals(
        ls("--key", key).assertStatus(0).out(),
        Command.unsealfs(scratch, "ls", volume.toString())
            .environment("UNSEALFS_KEY", key)
            .run()
            .assertStatus(0)
            .out());
  }

  @Test
  void theCommandLineBeatsTheEnvironment() throws IOException, InterruptedException {
    Command.unsealfs(scratch, "ls", volume.toString(), "--key", key)
        .environment("UNSEALFS_KEY", Secrets.reference(scratch, "wrong"))
        .environment("UNSEALFS_KDF_MEMORY", "2G")
        .run()
        .assertStatus(0);
  }

  @Test
  void aCredentialOfTheServiceManagerIsAKey() throws IOException, InterruptedException {
    Path credentials = Files.createDirectory(scratch.resolve("credentials"));
    Files.move(Secrets.file(scratch, vector.password()), credentials.resolve("model"));
    Command.unsealfs(scratch, "ls", volume.toString(), "--key", "credential:model")
        .environment("CREDENTIALS_DIRECTORY", credentials.toString())
        .run()
        .assertStatus(0);
  }

  @Test
  void aDescriptorOfTheCallerIsAKeyForEveryCommandThatNeedsOne()
      throws IOException, InterruptedException {
    Needs.fuse();
    Path secret = Secrets.file(scratch, vector.password());
    Path mountPoint = Files.createDirectory(scratch.resolve("mnt"));
    Path log = scratch.resolve("mnt.log");
    String launcher = Needs.checkout().resolve("daemon/bin/unsealfs").toString();
    new Command(scratch, "bash", "-c", "exec \"$0\" ls \"$1\" --key fd:7 7<\"$2\"")
        .with(launcher, volume.toString(), secret.toString())
        .run()
        .assertStatus(0);
    Outcome outcome =
        new Command(
                scratch,
                "bash",
                "-c",
                "exec \"$0\" mount \"$1\" \"$3\" --key fd:7 --log-file \"$4\" 7<\"$2\"")
            .with(
                launcher,
                volume.toString(),
                secret.toString(),
                mountPoint.toString(),
                log.toString())
            .run();
    try (Mounted mounted = Mounted.adopt(scratch, mountPoint, log, outcome)) {
      TreeSnapshot.of(mounted.path()).assertEqualTo(vector.expected());
      assertFalse(Processes.openFiles(mounted.pid()).contains(secret.toString()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"help", "--help", "help mount", "mount --help", "keyserver --help"})
  void helpGoesToStandardOutput(String words) throws IOException, InterruptedException {
    Outcome outcome = Command.unsealfs(scratch, words.split(" ", -1)).run().assertStatus(0);
    assertTrue(outcome.out().contains("Usage: unsealfs"), outcome::toString);
    assertEquals("", outcome.err());
  }

  @Test
  void theVersionIsTheOneThatWasBuilt() throws IOException, InterruptedException {
    Outcome outcome = Command.unsealfs(scratch, "--version").run().assertStatus(0);
    assertTrue(outcome.out().matches("(?s)unsealfs [0-9]+\\.[0-9]+.*"), outcome::toString);
  }

  @Test
  void theShellCanCompleteTheCommands() throws IOException, InterruptedException {
    Outcome outcome = Command.unsealfs(scratch, "generate-completion").run().assertStatus(0);
    Path script = Files.writeString(scratch.resolve("completion"), outcome.out());
    new Command(scratch, "bash", "-n", script.toString()).run().assertStatus(0);
    assertTrue(outcome.out().contains("umount"));
  }
}
