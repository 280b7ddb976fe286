package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A key that is lent: a real server that takes it back, a real mount, and a program that has a file
 * open and mapped meanwhile.
 */
class LeaseTest {
  private static final Pattern SERVING =
      Pattern.compile("serving on port ([0-9]+); identity (sha256:[0-9a-f]{64})");
  private static final String FILE = "weights.safetensors";
  private static final int SIZE = 5_000_001;

  @TempDir Path scratch;
  private final byte[] weights = new byte[SIZE];
  private Path volume = Path.of("");
  private Path mountPoint = Path.of("");
  private @Nullable LentKey served;

  @BeforeEach
  void encryptAndServe() throws IOException, InterruptedException {
    Needs.fuse();
    new Random(7).nextBytes(weights);
    Path plain = Files.createDirectory(scratch.resolve("plain"));
    Files.write(plain.resolve(FILE), weights);
    volume = scratch.resolve("volume");
    mountPoint = Files.createDirectory(scratch.resolve("mnt"));
    String secret = "lent to this test only";
    Command.unsealfs(scratch, "encrypt", plain.toString(), volume.toString())
        .with("--format", "gocryptfs", "--scrypt-n", "10")
        .with("--key", Secrets.reference(scratch, secret))
        .run()
        .assertStatus(0);
    served = new LentKey(scratch, secret);
  }

  @AfterEach
  void stop() throws IOException, InterruptedException {
    if (served != null) {
      served.close();
    }
    new ProcessBuilder("umount", "-l", mountPoint.toString())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }

  /** The key server and its one secret. */
  private static final class LentKey implements AutoCloseable {
    private final Path scratch;
    private final Path config;
    private final String secret;
    private final Running server;
    private final String address;
    private final String pin;

    LentKey(Path scratch, String secret) throws IOException, InterruptedException {
      this.scratch = scratch;
      this.secret = secret;
      Path directory = scratch.resolve("server");
      Command.unsealfs(scratch, "keyserver", "init", directory.toString())
          .with("--listen", "127.0.0.1:0", "--allow-sample")
          .run()
          .assertStatus(0);
      config = directory.resolve("keyserver.yaml");
      secret("add", "--allow", "sample", "--key", Secrets.reference(scratch, secret))
          .with("--lease-expires-after", "1h", "--lease-renew-every", "1s")
          .run()
          .assertStatus(0);
      server = Command.unsealfs(scratch, "keyserver", "--config", config.toString()).start();
      Matcher serving = SERVING.matcher(server.awaitLine("serving on port"));
      assertTrue(serving.find(), server::toString);
      address = "grpc://127.0.0.1:" + serving.group(1) + "/model";
      pin = serving.group(2);
    }

    private Command secret(String command, String... options) {
      return Command.unsealfs(scratch, "keyserver", "secret", command, "model")
          .with("--config", config.toString())
          .with(options);
    }

    String[] words() {
      return new String[] {"--key", address, "--server-pin", pin, "--attester", "sample"};
    }

    /** From here on the secret is not released to anybody. */
    void takeBack() throws IOException, InterruptedException {
      secret("disable").run().assertStatus(0);
    }

    void release() throws IOException, InterruptedException {
      secret("enable").run().assertStatus(0);
    }

    /** From here on it is lent for another time. */
    void lend(String expiresAfter, String renewEvery) throws IOException, InterruptedException {
      secret("rotate", "--key", Secrets.reference(scratch, secret))
          .with("--lease-expires-after", expiresAfter, "--lease-renew-every", renewEvery)
          .run()
          .assertStatus(0);
    }

    void kill() throws IOException, InterruptedException {
      server.signal("KILL");
      server.await();
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }

  private LentKey lent() {
    if (served == null) {
      throw new AssertionError("no server");
    }
    return served;
  }

  private Running mount(String... options) throws IOException, InterruptedException {
    Running mount =
        Command.unsealfs(scratch, "mount", volume.toString(), mountPoint.toString())
            .with("--foreground", "--transport", "kernel")
            .with(lent().words())
            .with(options)
            .start();
    mount.awaitLine("mounted on");
    return mount;
  }

  private void assertGone() {
    assertFalse(MountTable.isMounted(mountPoint), MountTable.describe(mountPoint));
  }

  /** A program of the fuse module's tests that maps a file and says what is left of it. */
  private Process probe(String word) throws IOException, InterruptedException {
    Needs.programs("gcc");
    Path program = scratch.resolve("probe");
    if (!Files.exists(program)) {
      Path source = Needs.checkout().resolve("fuse/src/test/c/probe.c");
      new Command(scratch, "gcc", "-O1", "-o", program.toString(), source.toString())
          .run()
          .assertStatus(0);
    }
    Process probe =
        new ProcessBuilder(
                "timeout", "120", program.toString(), word, mountPoint.resolve(FILE).toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    while (probe.getInputStream().read() != '\n') {
      assertTrue(probe.isAlive(), "the probe ended");
    }
    return probe;
  }

  private static List<String> rest(Process probe) throws IOException, InterruptedException {
    probe.getOutputStream().write('\n');
    probe.getOutputStream().close();
    List<String> lines =
        new String(probe.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
            .lines()
            .toList();
    assertEquals(0, probe.waitFor());
    return lines;
  }

  @Test
  void aKeyThatIsTakenBackEndsTheMountUnderWhoeverUsesIt()
      throws IOException, InterruptedException {
    try (Running mount = mount()) {
      mount.awaitLine("lease: ends after 3600 s unless renewed, renewed every 1 s");
      Process probe = probe("revoked");
      lent().takeBack();
      assertEquals(21, mount.await());
      assertGone();
      List<String> left = rest(probe);
      assertTrue(left.get(0).startsWith("E"), left.toString());
      assertEquals(List.of("0 pages", "SIGBUS"), left.subList(1, 3));
      assertTrue(mount.lines().getLast().contains("the key was taken back"), mount::toString);
    }
  }

  @Test
  void soItDoesUnderWhoeverUsesAResidentFile() throws IOException, InterruptedException {
    Needs.root();
    try (Running mount = mount("-o", "resident,resident_size=64M")) {
      Process probe = probe("revoked");
      lent().takeBack();
      assertEquals(21, mount.await());
      assertGone();
      List<String> left = rest(probe);
      // of memory that was freed read(2) gives the end; where nothing can be resident, an error
      assertTrue(left.get(0).equals("0") || left.get(0).startsWith("E"), left.toString());
      assertEquals(List.of("0 pages", "SIGBUS"), left.subList(1, 3));
    }
  }

  @Test
  void newOpensStopAndBeginAgain() throws IOException, InterruptedException {
    try (Running mount = mount("-o", "on_expiry=stop-new-opens")) {
      Process probe = probe("held");
      lent().takeBack();
      mount.awaitLine("nothing more can be opened");
      new Command(scratch, "cat", mountPoint.resolve(FILE).toString()).run().assertStatus(1);
      assertTrue(
          new Command(scratch, "cat", mountPoint.resolve(FILE).toString())
              .run()
              .err()
              .contains("Key has been revoked"));
      lent().release();
      mount.awaitLine("the key may be used again");
      assertArrayEquals(weights, Files.readAllBytes(mountPoint.resolve(FILE)));
      probe.getOutputStream().close();
      assertArrayEquals(weights, probe.getInputStream().readAllBytes());
      mount.signal("TERM");
      assertEquals(0, mount.await());
      assertGone();
    }
  }

  @Test
  void keepOnlySaysSo() throws IOException, InterruptedException {
    try (Running mount = mount("--on-expiry", "keep")) {
      lent().takeBack();
      mount.awaitLine("the mount goes on (on_expiry=keep)");
      assertArrayEquals(weights, Files.readAllBytes(mountPoint.resolve(FILE)));
      mount.signal("TERM");
      assertEquals(0, mount.await());
      assertGone();
    }
  }

  @Test
  void aServerThatIsGoneIsNoDenialUntilTheLeaseIsOver() throws IOException, InterruptedException {
    lent().lend("15s", "2s");
    try (Running mount = mount()) {
      lent().kill();
      mount.awaitLine("lease: not renewed");
      assertTrue(MountTable.isMounted(mountPoint));
      assertArrayEquals(weights, Files.readAllBytes(mountPoint.resolve(FILE)));
      assertEquals(22, mount.await());
      assertGone();
      assertTrue(mount.lines().getLast().contains("lease ran out"), mount::toString);
    }
  }

  @Test
  void aDaemonInTheBackgroundEndsToo() throws IOException, InterruptedException {
    try (Mounted mounted = Mounted.mountOn(scratch, volume, mountPoint, lent().words())) {
      assertTrue(mounted.outcome().err().contains("lease: "), mounted.outcome()::toString);
      long pid = mounted.pid();
      lent().takeBack();
      Processes.awaitEnd(pid);
      assertGone();
      assertTrue(
          mounted.log().stream().anyMatch(line -> line.contains("the key was taken back")),
          mounted.log()::toString);
    }
  }

  @Test
  void libfuseSaysWhatItCannotTakeBack() throws IOException, InterruptedException {
    try (Running mount =
        Command.unsealfs(scratch, "mount", volume.toString(), mountPoint.toString())
            .with("--foreground", "--transport", "jnr")
            .with(lent().words())
            .start()) {
      mount.awaitLine("mounted on");
      mount.awaitLine("transport jnr cannot drop what the kernel has cached");
      lent().takeBack();
      assertEquals(21, mount.await());
      assertGone();
    }
  }

  @Test
  void whatToDoIsOneOfThreeWords() throws IOException, InterruptedException {
    Command.unsealfs(scratch, "mount", volume.toString(), mountPoint.toString())
        .with("-o", "on_expiry=panic")
        .with(lent().words())
        .run()
        .assertStatus(2);
  }
}
