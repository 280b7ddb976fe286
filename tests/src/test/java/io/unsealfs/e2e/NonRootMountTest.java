package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A user who is not root mounts, by way of fusermount3. The user is made for the test, and so is a
 * mount namespace in which everybody may open {@code /dev/fuse}, as on a desktop.
 */
@EachTransport
class NonRootMountTest {
  private static final String HELLO = "hello.bin";
  private static final int NOBODY = 65534;

  @TempDir Path scratch;

  private final String transport;
  private String user = "";
  private int uid;
  private Path home = Path.of("");
  private Path volume = Path.of("");
  private Path mountPoint = Path.of("");
  private Path log = Path.of("");
  private Path fuseConf = Path.of("");
  private String key = "";
  private long namespace; // process that holds it

  NonRootMountTest(String transport) {
    this.transport = transport;
  }

  @BeforeEach
  void prepare() throws IOException, InterruptedException {
    Needs.fuse();
    Needs.root();
    Needs.programs("unshare", "nsenter", "setpriv", "useradd", "userdel", "fusermount3", "id");
    user = "unsealfs" + ProcessHandle.current().pid() % 100_000 + transport;
    run("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", user);
    uid = Integer.parseInt(run("id", "-u", user).strip());
    Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString("rwxr-xr-x"));
    VectorVolume vector = VectorVolume.named("aessiv-deterministic-names");
    home = Files.createDirectory(scratch.resolve("home"));
    volume = vector.unpack(home);
    key = Secrets.reference(home, vector.password());
    mountPoint = Files.createDirectory(home.resolve("mnt"));
    log = home.resolve("log");
    run("chown", "-R", user, home.toString());
    fuseConf = Files.createFile(scratch.resolve("fuse.conf"));
    enterNamespace();
  }

  /** A device that everybody may open, and the checkout where everybody can reach it. */
  private void enterNamespace() throws IOException, InterruptedException {
    Files.createDirectory(scratch.resolve("device"));
    Files.createDirectory(scratch.resolve("checkout"));
    Path ready = scratch.resolve("ready");
    String script =
        "set -e; mount -t tmpfs -o mode=755 none \"$0/device\"; mknod -m 666 \"$0/device/fuse\" c"
            + " 10 229; mount --bind \"$0/device/fuse\" /dev/fuse; touch /etc/fuse.conf; mount"
            + " --bind \"$0/fuse.conf\" /etc/fuse.conf; mount --bind \"$1\" \"$0/checkout\"; echo"
            + " ready > \"$2\"; exec sleep 1000";
    namespace =
        new ProcessBuilder(
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "bash",
                "-c",
                script,
                scratch.toString(),
                Needs.checkout().toString(),
                ready.toString())
            .redirectErrorStream(true)
            .redirectOutput(scratch.resolve("namespace.log").toFile())
            .start()
            .pid();
    Processes.await("the namespace", () -> Files.exists(ready) || !Processes.isAlive(namespace));
    assertTrue(Processes.isAlive(namespace), Files.readString(scratch.resolve("namespace.log")));
    // builds the program, where that is needed: the user could not
    Command.unsealfs(scratch, "--version").run().assertStatus(0);
  }

  @AfterEach
  void takeDown() throws IOException, InterruptedException {
    for (long pid : Processes.unsealfsWith(mountPoint.toString())) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      Processes.awaitEnd(pid);
    }
    if (namespace != 0) {
      // with it go its mounts
      ProcessHandle.of(namespace).ifPresent(ProcessHandle::destroyForcibly);
      Processes.awaitEnd(namespace);
    }
    if (!user.isEmpty()) {
      removeUser();
    }
  }

  /** fusermount stays behind for a moment, as this user. */
  private void removeUser() throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    Outcome outcome = new Command(scratch, "userdel", user).run();
    while (outcome.err().contains("currently used") && System.nanoTime() < end) {
      Thread.sleep(100);
      outcome = new Command(scratch, "userdel", user).run();
    }
    outcome.assertStatus(0);
  }

  private String run(String... words) throws IOException, InterruptedException {
    return new Command(scratch, words).run().assertStatus(0).out();
  }

  /** Runs a program in the namespace, as this user. */
  private Outcome as(int who, String... words) throws IOException, InterruptedException {
    return new Command(scratch, "nsenter", "-m", "-t", Long.toString(namespace), "--")
        .with("setpriv", "--reuid=" + who, "--regid=" + who, "--clear-groups", "env", "-i")
        .with("PATH=" + System.getenv("PATH"), "HOME=" + home, "LC_ALL=C.UTF-8")
        .with("JAVA_HOME=" + System.getProperty("java.home"))
        .with(words)
        .run();
  }

  private Outcome unsealfs(String... words) throws IOException, InterruptedException {
    String[] all = new String[words.length + 1];
    all[0] = scratch.resolve("checkout/daemon/bin/unsealfs").toString();
    System.arraycopy(words, 0, all, 1, words.length);
    return as(uid, all);
  }

  private Outcome mount(String... options) throws IOException, InterruptedException {
    String[] words = {
      "mount",
      volume.toString(),
      mountPoint.toString(),
      "--key",
      key,
      "--transport",
      transport,
      "--log-file",
      log.toString()
    };
    String[] all = Arrays.copyOf(words, words.length + options.length);
    System.arraycopy(options, 0, all, words.length, options.length);
    return unsealfs(all);
  }

  /** The mount's line of the mount table in the namespace; empty: there is none. */
  private String described() throws IOException {
    return String.join(
        "\n",
        Files.readAllLines(Path.of("/proc/" + namespace + "/mountinfo")).stream()
            .filter(line -> line.contains(" " + mountPoint + " "))
            .toList());
  }

  private void assertReads(int who) throws IOException, InterruptedException {
    Outcome digest = as(who, "sha256sum", mountPoint.resolve(HELLO).toString()).assertStatus(0);
    assertEquals(sha256(VectorVolume.content(HELLO, 5000)), digest.out().substring(0, 64));
  }

  private void assertShutOut(int who) throws IOException, InterruptedException {
    Outcome outcome = as(who, "cat", mountPoint.resolve(HELLO).toString());
    assertNotEquals(0, outcome.status(), outcome::toString);
    assertTrue(outcome.err().contains("Permission denied"), outcome::toString);
    assertEquals("", outcome.out());
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aUserMakesAnImageAndMountsIt() throws IOException, InterruptedException {
    Needs.programs("mkfs.ext4");
    Path tree = Files.createDirectory(home.resolve("tree"));
    Files.writeString(tree.resolve("weights"), "weights of a user");
    run("chown", "-R", user, tree.toString());
    String image = home.resolve("model.img").toString();
    unsealfs(
            "encrypt",
            tree.toString(),
            image,
            "--format",
            "luks2",
            "--key",
            key,
            "--luks-argon2-memory",
            "8M")
        .assertStatus(0);
    unsealfs(
            "mount",
            image,
            mountPoint.toString(),
            "--key",
            key,
            "--transport",
            transport,
            "--log-file",
            log.toString())
        .assertStatus(0);
    Outcome read = as(uid, "cat", mountPoint.resolve("weights").toString()).assertStatus(0);
    assertEquals("weights of a user", read.out());
    unsealfs("umount", mountPoint.toString()).assertStatus(0);
    assertEquals("", described());
  }

  @Test
  void aUserMountsReadsAndUnmountsAndNobodyElseLooksIn() throws IOException, InterruptedException {
    mount().assertStatus(0);
    long daemon = Processes.unsealfsWith(mountPoint.toString()).getFirst();
    assertTrue(
        Files.readAllLines(Path.of("/proc/" + daemon + "/status")).stream()
            .anyMatch(line -> line.startsWith("Uid:") && line.contains("\t" + uid + "\t" + uid)),
        "the daemon is no other user's");
    for (String word : List.of("fuse.unsealfs", "nosuid", "nodev", "user_id=" + uid)) {
      assertTrue(described().contains(word), word + " not in " + described());
    }
    assertTrue(described().contains(" ro,"), described());
    assertFalse(described().contains("allow_other"), described());
    assertReads(uid);
    // several requests at once: workers may have to share the one descriptor
    String readAll = "find \"$0\" -type f -readable -print0 | xargs -0 -P 4 -n 1 cat > /dev/null";
    as(uid, "bash", "-c", readAll, mountPoint.toString()).assertStatus(0);
    assertShutOut(NOBODY);
    assertShutOut(0);
    Outcome stranger = as(NOBODY, "fusermount3", "-u", mountPoint.toString());
    assertNotEquals(0, stranger.status(), stranger::toString);
    assertReads(uid);
    unsealfs("umount", mountPoint.toString()).assertStatus(0);
    assertEquals("", described());
    Processes.awaitEnd(daemon);
  }

  @Test
  void residentModeIsOffWithOneLineAndTheBytesAreRight() throws IOException, InterruptedException {
    Outcome mounted = mount("--resident", "--resident-size", "64M").assertStatus(0);
    assertReads(uid);
    List<String> lines = mounted.err().lines().filter(l -> l.contains("resident:")).toList();
    assertEquals(1, lines.size(), lines::toString);
    String reason = transport.equals("kernel") ? "CAP_SYS_ADMIN" : "only transport kernel can";
    assertTrue(lines.getFirst().contains("resident: off: "), lines::toString);
    assertTrue(lines.getFirst().contains(reason), lines::toString);
    unsealfs("umount", mountPoint.toString()).assertStatus(0);
  }

  @Test
  void afterAKilledDaemonTheUserMountsAgain() throws IOException, InterruptedException {
    mount().assertStatus(0);
    long daemon = Processes.unsealfsWith(mountPoint.toString()).getFirst();
    Processes.signal(daemon, "KILL");
    Processes.awaitEnd(daemon);
    mount().assertStatus(0);
    assertReads(uid);
    assertEquals(1, described().lines().count(), described());
    unsealfs("umount", mountPoint.toString()).assertStatus(0);
    assertEquals("", described());
  }

  @Test
  void othersAreLetInOnlyWhereRootAllowsIt() throws IOException, InterruptedException {
    Outcome refused = mount("--allow-other").assertStatus(25);
    assertTrue(refused.errLine().contains("user_allow_other"), refused::toString);
    assertEquals("", described());
    Files.writeString(fuseConf, "user_allow_other\n");
    mount("--allow-other").assertStatus(0);
    assertReads(uid);
    // the volume's own modes still count: the kernel checks them
    assertReads(0);
    unsealfs("umount", mountPoint.toString()).assertStatus(0);
  }

  @Test
  void aMountPointOfSomebodyElseIsRefused() throws IOException, InterruptedException {
    Path foreign = Files.createDirectory(scratch.resolve("foreign"));
    mountPoint = foreign;
    Outcome outcome = mount();
    outcome.assertStatus(25);
    // fusermount3, below libfuse, says its own line before
    assertTrue(outcome.errLines().getLast().contains(foreign.toString()), outcome::toString);
  }
}
