package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a mount shows of itself, over HTTP and by {@code unsealfs status}. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SeeingTest {
  private static final int SIZE = 3_000_000;
  private static final Pattern URL = Pattern.compile("metrics: (http://127\\.0\\.0\\.1:[0-9]+)/");

  @TempDir static Path shared;
  @TempDir Path scratch;
  private SmallVolume volume = new SmallVolume(Path.of(""), "");

  @BeforeAll
  void encrypt() throws IOException, InterruptedException {
    Needs.fuse();
    volume = SmallVolume.make(shared, SIZE);
  }

  private Mounted mount(String... options) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of("--key", volume.key()));
    words.addAll(List.of(options));
    return Mounted.mount(scratch, volume.path(), words.toArray(String[]::new));
  }

  private static String url(Mounted mounted) {
    Matcher url = URL.matcher(mounted.outcome().err());
    assertTrue(url.find(), () -> mounted.outcome().toString());
    return url.group(1);
  }

  private void readDirectly(Mounted mounted, int expectedStatus)
      throws IOException, InterruptedException {
    new Command(
            scratch,
            "dd",
            "if=" + mounted.resolve("file"),
            "of=/dev/null",
            "bs=64k",
            "iflag=direct")
        .run()
        .assertStatus(expectedStatus);
  }

  private Json status(Mounted mounted) throws IOException, InterruptedException {
    return Json.parse(
        Command.unsealfs(scratch, "status", "--json", mounted.path().toString())
            .run()
            .assertStatus(0)
            .out());
  }

  @Test
  void theEndpointTellsStateFiguresAndStatus() throws IOException, InterruptedException {
    try (Mounted mounted = mount("--metrics=0")) {
      String url = url(mounted);
      assertEquals(200, Http.get(url + "/healthz").statusCode());
      assertEquals("ok\n", Http.get(url + "/readyz").body());
      readDirectly(mounted, 0);
      HttpResponse<String> metrics = Http.get(url + "/metrics");
      assertEquals(200, metrics.statusCode());
      assertTrue(metrics.headers().firstValue("content-type").orElse("").contains("0.0.4"));
      String text = metrics.body();
      assertTrue(text.contains("unsealfs_read_bytes_total " + (double) SIZE), text);
      assertTrue(text.contains("unsealfs_mount_state{state=\"ready\"} 1"), text);
      assertTrue(
          text.contains("unsealfs_key_fetch_seconds_count{outcome=\"ok\",provider=\"file\"}"));
      assertFalse(text.contains(volume.path().toString()));
      Json status = Json.parse(Http.get(url + "/status").body());
      assertEquals("ready", status.get("state").text());
      assertEquals("gocryptfs", status.get("format").text());
      assertEquals(volume.path().toString(), status.get("source").text());
      assertEquals(SIZE, status.get("requests").get("read_bytes").number());
      assertEquals("file", status.get("key").get("provider").text());
      assertEquals("none", status.get("key").get("lease").text());
      assertEquals("not asked for", status.get("resident").get("reason").text());
      assertEquals(404, Http.get(url + "/").statusCode());
      assertEquals(405, Http.send(url + "/status", "DELETE").statusCode());
    }
  }

  @Test
  void itListensOnLoopbackUnlessAnAddressIsNamed() throws IOException, InterruptedException {
    try (Mounted mounted = mount("--metrics=0")) {
      int port = Integer.parseInt(url(mounted).replaceAll(".*:", ""));
      String listening =
          new Command(scratch, "cat", "/proc/" + mounted.pid() + "/net/tcp").run().out()
              + new Command(scratch, "cat", "/proc/" + mounted.pid() + "/net/tcp6").run().out();
      String hex = String.format(":%04X", port);
      List<String> own =
          listening.lines().filter(line -> line.matches(".*" + hex + " \\S+ 0A .*")).toList();
      assertEquals(1, own.size(), listening);
      assertTrue(own.getFirst().contains("0100007F" + hex), own.getFirst());
    }
  }

  @Test
  void aPortThatIsTakenIsAUsageMatterBeforeAnythingIsMounted()
      throws IOException, InterruptedException {
    try (var taken = new java.net.ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Path mountPoint = Files.createDirectory(scratch.resolve("mnt"));
      Outcome outcome =
          Command.unsealfs(scratch, "mount", volume.path().toString(), mountPoint.toString())
              .with("--key", volume.key(), "--metrics=" + taken.getLocalPort())
              .run()
              .assertStatus(2);
      assertTrue(outcome.errLine().contains("cannot listen"), outcome::toString);
      assertEquals(0, MountTable.count(mountPoint));
    }
  }

  @Test
  void whoIsSlowHoldsUpNobodyElse() throws IOException, InterruptedException {
    List<Socket> slow = new ArrayList<>();
    try (Mounted mounted = mount("--metrics=0")) {
      String url = url(mounted);
      int port = Integer.parseInt(url.replaceAll(".*:", ""));
      try {
        for (int i = 0; i < 40; i++) {
          Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
          socket.getOutputStream().write("GET /metrics HTT".getBytes(StandardCharsets.US_ASCII));
          slow.add(socket);
        }
        assertEquals(200, Http.get(url + "/healthz").statusCode());
        assertEquals(200, Http.get(url + "/metrics").statusCode());
        // each of them is cut off after a while: end of stream, or a reset
        Socket first = slow.getFirst();
        first.setSoTimeout(60_000);
        int got;
        try {
          got = first.getInputStream().read();
        } catch (java.net.SocketTimeoutException e) {
          throw new AssertionError("a slow one is never cut off", e);
        } catch (IOException e) {
          got = -1;
        }
        assertEquals(-1, got);
      } finally {
        for (Socket socket : slow) {
          socket.close();
        }
      }
      readDirectly(mounted, 0);
    }
  }

  @Test
  void statusTellsPeopleAndPrograms() throws IOException, InterruptedException {
    try (Mounted mounted = mount()) {
      readDirectly(mounted, 0);
      Outcome text =
          Command.unsealfs(scratch, "status", mounted.path().toString()).run().assertStatus(0);
      assertTrue(text.out().startsWith(mounted.path() + ": ready since "), text::toString);
      assertTrue(text.out().contains("2.86 MiB in "), text::toString);
      assertTrue(text.out().contains("file, no lease"), text::toString);
      assertTrue(text.out().contains("errors     none"), text::toString);
      Json status = status(mounted);
      assertEquals(mounted.pid(), status.get("pid").number());
      assertEquals(SIZE, status.get("requests").get("read_bytes").number());
      Outcome all = Command.unsealfs(scratch, "status", "--json").run().assertStatus(0);
      assertTrue(
          Json.parse(all.out()).get("mounts").items().stream()
              .anyMatch(one -> one.get("mount_point").text().equals(mounted.path().toString())),
          all::toString);
    }
  }

  @Test
  void statusOfWhatIsNotMountedSaysSo() throws IOException, InterruptedException {
    Outcome outcome = Command.unsealfs(scratch, "status", scratch.toString()).run();
    outcome.assertStatus(25);
    assertTrue(outcome.errLine().contains("no unsealfs is mounted there"), outcome::toString);
  }

  @Test
  void aWatchEndsWithTheMount() throws IOException, InterruptedException {
    Path out = scratch.resolve("watched");
    try (Mounted mounted = mount()) {
      Path mountPoint = mounted.path();
      String launcher = Needs.checkout().resolve("daemon/bin/unsealfs").toString();
      Process watching =
          new ProcessBuilder(launcher, "status", "--watch", "--json", mountPoint.toString())
              .redirectOutput(out.toFile())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try {
        Processes.await("a line of status --watch", () -> out.toFile().length() > 0);
        new Command(scratch, "umount", mountPoint.toString()).run().assertStatus(0);
        assertTrue(watching.waitFor(60, java.util.concurrent.TimeUnit.SECONDS));
        assertEquals(0, watching.exitValue());
      } finally {
        Command.kill(watching);
      }
      for (String line : Files.readAllLines(out)) {
        assertEquals(mountPoint.toString(), Json.parse(line).get("mount_point").text());
      }
    }
  }

  @Test
  void damageIsShownByFileAndItsNameOnlyWhereAllowed() throws IOException, InterruptedException {
    Path copy = scratch.resolve("copy");
    new Command(scratch, "cp", "-a", volume.path().toString(), copy.toString())
        .run()
        .assertStatus(0);
    Path stored = new SmallVolume(copy, volume.key()).largestFile();
    try (RandomAccessFile file = new RandomAccessFile(stored.toFile(), "rw")) {
      file.seek(SIZE / 2);
      int old = file.read();
      file.seek(SIZE / 2);
      file.write(old ^ 1);
    }
    for (boolean names : new boolean[] {false, true}) {
      List<String> words = new ArrayList<>(List.of("--key", volume.key()));
      if (names) {
        words.add("--log-names");
      }
      words.add("--log-format");
      words.add("json");
      try (Mounted mounted = Mounted.mount(scratch, copy, words.toArray(String[]::new))) {
        readDirectly(mounted, 1);
        readDirectly(mounted, 1);
        Json errors = status(mounted).get("errors");
        assertEquals(1, errors.get("damaged_objects").number());
        Json file = errors.get("by_file").items().getFirst();
        assertTrue(file.get("file").text().contains(stored.getFileName().toString()));
        assertEquals(names, file.get("file").text().contains("(/file)"), file::toString);
        assertEquals("damaged", file.get("what").text());
        assertTrue(file.get("count").number() >= 2);
        List<String> told =
            mounted.log().stream().filter(line -> line.contains("damaged, answered")).toList();
        assertEquals(1, told.size(), "lines on one file");
        Json line = Json.parse(told.getFirst());
        assertEquals("read", line.get("operation").text());
        assertEquals(5, line.get("errno").number());
        assertEquals(mounted.path().toString(), line.get("mount").text());
        assertEquals("error", line.get("level").text());
        assertEquals(names, line.get("message").text().contains("(/file)"));
      }
    }
  }

  @Test
  void aTreeThatNobodyUsesIsUnmountedAndOneInUseIsNot() throws IOException, InterruptedException {
    try (Mounted mounted = mount("--idle", "6s")) {
      long pid = mounted.pid();
      Process user =
          new ProcessBuilder(
                  "bash",
                  "-c",
                  "exec 3<\"$0\"; echo ready; exec sleep 60",
                  mounted.resolve("file").toString())
              .start();
      try {
        assertEquals('r', user.getInputStream().read());
        long until = System.nanoTime() + 13_000_000_000L;
        // nothing is read for longer than it may be idle
        Processes.await("thirteen seconds", () -> System.nanoTime() > until);
        assertTrue(MountTable.isMounted(mounted.path()));
      } finally {
        user.destroyForcibly();
      }
      Processes.awaitEnd(pid);
      assertFalse(MountTable.isMounted(mounted.path()));
      List<String> told = mounted.log();
      assertTrue(
          told.stream().anyMatch(line -> line.contains("unused for 6 s, unmounted")),
          told::toString);
    }
  }

  @Test
  void aKilledDaemonIsForgotten() throws IOException, InterruptedException {
    Mounted mounted = mount();
    try (mounted) {
      long pid = mounted.pid();
      Processes.signal(pid, "KILL");
      Processes.awaitEnd(pid);
      Outcome outcome = Command.unsealfs(scratch, "status").run().assertStatus(0);
      assertFalse(outcome.out().contains("process " + pid), outcome::toString);
    }
  }

  @Test
  void aStoppedDaemonIsNamedAndDoesNotHangTheCommand() throws IOException, InterruptedException {
    try (Mounted mounted = mount()) {
      long pid = mounted.pid();
      Processes.signal(pid, "STOP");
      try {
        Outcome outcome = Command.unsealfs(scratch, "status").run().assertStatus(0);
        String silence = "its daemon, process " + pid + ", does not answer";
        assertTrue(outcome.out().contains(silence), outcome::toString);
        Outcome json =
            Command.unsealfs(scratch, "status", "--json", mounted.path().toString())
                .run()
                .assertStatus(25);
        assertTrue(json.errLine().contains(silence), json::toString);
      } finally {
        Processes.signal(pid, "CONT");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"--metrics=nine", "--metrics=1:2:3", "--metrics=:70000", "--idle=5", "--idle=0s"})
  void whatIsNoAddressOrTimeIsAUsageMatter(String option) throws IOException, InterruptedException {
    Outcome outcome =
        Command.unsealfs(scratch, "mount", volume.path().toString(), scratch.toString())
            .with("--key", volume.key(), option)
            .run()
            .assertStatus(2);
    assertTrue(outcome.errLine().contains(option.replaceAll("=.*", "")), outcome::toString);
  }
}
