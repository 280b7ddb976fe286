package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Name;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The real gocryptfs beside us: it shows what we show, and reads what we write. */
class GocryptfsPeerTest {
  private static final String PASSWORD = "an oracle answers";

  @TempDir Path scratch;

  @BeforeEach
  void needs() {
    Needs.fuse();
    Needs.programs("gocryptfs", "fusermount");
  }

  /** A volume mounted by the real gocryptfs. */
  private final class Peer implements AutoCloseable {
    private final Path mountPoint;

    Peer(Path volume, Path passwordFile) throws IOException, InterruptedException {
      mountPoint = Files.createTempDirectory(scratch, "peer-");
      new Command(scratch, "gocryptfs", "-q", "-ro", "-passfile", passwordFile.toString())
          .with(volume.toString(), mountPoint.toString())
          .run()
          .assertStatus(0);
    }

    @Override
    public void close() throws IOException {
      try {
        if (new Command(scratch, "fusermount", "-u", mountPoint.toString()).run().status() != 0) {
          new Command(scratch, "umount", "-l", mountPoint.toString()).run();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("clean-up of " + mountPoint + " was interrupted");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"default-full,kernel", "aessiv,kernel", "longnamemax100,kernel", "aessiv,jnr"})
  void bothShowTheSameTree(String name, String transport) throws IOException, InterruptedException {
    VectorVolume vector = VectorVolume.named(name);
    Path volume = vector.unpack(scratch);
    Path secret = Secrets.file(scratch, vector.password());
    try (Mounted ours =
            Mounted.mount(scratch, volume, "--key", "file:" + secret, "--transport", transport);
        Peer theirs = new Peer(volume, secret)) {
      TreeSnapshot.of(ours.path()).assertEqualTo(TreeSnapshot.of(theirs.mountPoint));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--plaintext-names --scrypt-n=10"})
  void gocryptfsReadsWhatWeWrite(String options) throws IOException, InterruptedException {
    Path plain = makeTree();
    Path volume = scratch.resolve("volume");
    Path secret = Secrets.file(scratch, PASSWORD);
    Command encrypt =
        Command.unsealfs(scratch, "encrypt", plain.toString(), volume.toString())
            .with("--format", "gocryptfs", "--key", "file:" + secret);
    if (!options.isEmpty()) {
      encrypt.with(options.split(" ", -1));
    }
    encrypt.run().assertStatus(0);

    TreeSnapshot expected = TreeSnapshot.of(plain);
    try (Peer theirs = new Peer(volume, secret)) {
      TreeSnapshot.of(theirs.mountPoint).assertEqualTo(expected);
    }
    try (Mounted ours = Mounted.mount(scratch, volume, "--key", "file:" + secret)) {
      TreeSnapshot.of(ours.path()).assertEqualTo(expected);
    }
    Outcome fsck =
        new Command(scratch, "gocryptfs", "-fsck", "-passfile", secret.toString())
            .with(volume.toString())
            .run()
            .assertStatus(0);
    assertTrue((fsck.out() + fsck.err()).contains("no problems found"), fsck::toString);
    Command.unsealfs(scratch, "check", volume.toString(), "--key", "file:" + secret)
        .run()
        .assertStatus(0);
  }

  @Test
  void nothingOfThePlaintextIsInTheVolume() throws IOException, InterruptedException {
    Path plain = makeTree();
    Path volume = scratch.resolve("volume");
    Command.unsealfs(scratch, "encrypt", plain.toString(), volume.toString())
        .with("--format", "gocryptfs", "--key", Secrets.reference(scratch, PASSWORD))
        .with("--scrypt-n=10")
        .run()
        .assertStatus(0);
    Outcome grep =
        new Command(scratch, "grep", "-r", "-a", "-l", "-e", PASSWORD, "-e", "recognisable")
            .with(volume.toString())
            .run();
    grep.assertStatus(1);
    try (var names = Files.walk(volume)) {
      assertFalse(names.anyMatch(file -> file.getFileName().toString().contains("config")));
    }
  }

  @Test
  void anExistingTargetIsNotOverwritten() throws IOException, InterruptedException {
    Path plain = makeTree();
    Path target = Files.createDirectory(scratch.resolve("target"));
    Files.writeString(target.resolve("precious"), "keep me");
    Outcome outcome =
        Command.unsealfs(scratch, "encrypt", plain.toString(), target.toString())
            .with("--format", "gocryptfs", "--key", Secrets.reference(scratch, PASSWORD))
            .run();
    assertTrue(outcome.status() != 0 && outcome.status() != 1, outcome::toString);
    assertTrue(outcome.errLine().contains(target.toString()), outcome::toString);
    assertTrue(Files.exists(target.resolve("precious")));
  }

  /** A bit of everything that a model directory may hold. */
  private Path makeTree() throws IOException, InterruptedException {
    Path root = Files.createDirectory(scratch.resolve("plain"));
    for (int size : new int[] {0, 1, 4095, 4096, 4097, 131072, 131073, 3_000_000}) {
      String name = "size-" + size;
      Files.write(root.resolve(name), VectorVolume.content(name, size));
    }
    Files.writeString(root.resolve("config.json"), "{\"text\": \"recognisable\"}");
    Path deep = Files.createDirectories(root.resolve("a/b/c"));
    Files.writeString(deep.resolve("n".repeat(255)), "a long name");
    Files.writeString(deep.resolve("n".repeat(176)), "one byte too long for a short name");
    Files.writeString(root.resolve("größe-模型"), "not only ASCII");
    Files.createSymbolicLink(root.resolve("latest"), Path.of("a/b/../size-4096"));
    Files.createSymbolicLink(root.resolve("dangling"), Path.of("/no/" + "such/".repeat(100)));
    Files.createLink(root.resolve("a/second-name"), root.resolve("size-4097"));
    Files.createDirectory(root.resolve("empty"));
    Files.setPosixFilePermissions(
        root.resolve("size-1"), PosixFilePermissions.fromString("r-xr-x--x"));
    Files.setLastModifiedTime(root.resolve("size-0"), FileTime.fromMillis(1_234_567_000L));
    // not through Java: a name that is no UTF-8
    new Command(scratch, "bash", "-c", "echo odd > \"$0\"/$'raw-\\xff\\xfe'")
        .with(root.toString())
        .run()
        .assertStatus(0);
    if (!TreeSnapshot.of(root)
        .entries()
        .containsKey(Name.of(new byte[] {'r', 'a', 'w', '-', (byte) 0xff, (byte) 0xfe}))) {
      throw new AssertionError("the file system does not take the name");
    }
    for (Path directory : List.of(deep, root.resolve("empty"))) {
      Files.setLastModifiedTime(directory, FileTime.fromMillis(987_654_000L));
    }
    return root;
  }
}
