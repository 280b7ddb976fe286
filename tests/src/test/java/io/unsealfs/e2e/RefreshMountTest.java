package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.object.server.Fault;
import io.unsealfs.storage.object.server.StoreBucket;
import io.unsealfs.storage.object.server.StoreRequest;
import io.unsealfs.storage.object.server.StoreServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A mounted bucket that is looked at again shows what is there then. */
@Timeout(240)
class RefreshMountTest {
  /** The files of the volume; each is known by its length. */
  private static final String ONE = "one".repeat(10);

  private static final String OTHER = "the other".repeat(20);
  private static final String GONE = "gone".repeat(300);
  private static final String LATE = "late".repeat(2000);

  private static final Pattern URL = Pattern.compile("http://127\\.0\\.0\\.1:[0-9]+/metrics");

  @TempDir static Path shared = Path.of("");
  private static Path volume = Path.of("");
  private static String key = "";

  @TempDir Path scratch = Path.of("");
  private StoreServer server;

  @BeforeAll
  static void encrypt() throws IOException, InterruptedException {
    Path plain = Files.createDirectories(shared.resolve("plain"));
    Files.writeString(plain.resolve("one"), ONE);
    Files.writeString(plain.resolve("other"), OTHER);
    Files.createDirectories(plain.resolve("sub"));
    Files.writeString(plain.resolve("sub/gone"), GONE);
    Files.writeString(plain.resolve("sub/late"), LATE);
    volume = shared.resolve("volume");
    key = Secrets.reference(shared, "a passphrase of the test");
    Command.unsealfs(shared, "encrypt", plain.toString(), volume.toString())
        .with("--format", "gocryptfs", "--scrypt-n", "10", "--key", key)
        .run()
        .assertStatus(0);
  }

  @BeforeEach
  void start() throws IOException {
    Needs.fuse();
    server = new StoreServer(new StoreBucket(StoreBucket.Dialect.S3, "models"));
    try (Stream<Path> files = Files.walk(volume)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        server.bucket().put("v/" + volume.relativize(file), Files.readAllBytes(file));
      }
    }
    server.bucket().remove(keyOf(LATE));
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private static Path stored(String content) throws IOException {
    int storedBytes = 18 + content.length() + Math.ceilDiv(content.length(), 4096) * 32;
    try (Stream<Path> files = Files.walk(volume)) {
      return files.filter(file -> file.toFile().length() == storedBytes).findFirst().orElseThrow();
    }
  }

  private static String keyOf(String content) throws IOException {
    return "v/" + volume.relativize(stored(content));
  }

  private Mounted mount(String... more) throws IOException, InterruptedException {
    List<String> options =
        new ArrayList<>(
            List.of("--endpoint", server.endpoint(), "--path-style", "--credentials", "anonymous"));
    options.addAll(List.of("--key", key));
    options.addAll(List.of(more));
    return Mounted.mount(scratch, "s3://models/v", options.toArray(String[]::new));
  }

  private static Set<String> names(Path directory) throws IOException {
    try (Stream<Path> names = Files.list(directory)) {
      return names
          .map(path -> path.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /** Replaces one, removes one, adds one. */
  private void change() throws IOException {
    // gocryptfs binds content to no name: the other's ciphertext is as good in this place
    server.bucket().put(keyOf(ONE), Files.readAllBytes(stored(OTHER)));
    server.bucket().remove(keyOf(GONE));
    server.bucket().put(keyOf(LATE), Files.readAllBytes(stored(LATE)));
  }

  private static void assertChanged(Mounted mounted) throws IOException {
    assertEquals(Set.of("late"), names(mounted.resolve("sub")));
    assertEquals(LATE, Files.readString(mounted.resolve("sub/late")));
    assertEquals(OTHER, Files.readString(mounted.resolve("one")));
    assertEquals(OTHER.length(), Files.size(mounted.resolve("one")));
    assertEquals(OTHER, Files.readString(mounted.resolve("other")));
    assertFalse(Files.exists(mounted.resolve("sub/gone")));
  }

  private static long lines(Mounted mounted, String what) throws IOException {
    return mounted.log().stream().filter(line -> line.contains(what)).count();
  }

  /** A look that may fail. */
  @FunctionalInterface
  private interface Look {
    boolean found() throws IOException;
  }

  private static void await(String what, Look look) throws InterruptedException {
    Processes.await(
        what,
        () -> {
          try {
            return look.found();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static void hangUp(Mounted mounted) throws IOException, InterruptedException {
    assertEquals(
        0, new ProcessBuilder("kill", "-HUP", String.valueOf(mounted.pid())).start().waitFor());
  }

  @Test
  void sighupShowsWhatWasReplacedRemovedAndAdded() throws IOException, InterruptedException {
    try (Mounted mounted = mount("--metrics=0")) {
      assertEquals(Set.of("gone"), names(mounted.resolve("sub")));
      assertFalse(Files.exists(mounted.resolve("sub/late")));
      Object inode = Files.getAttribute(mounted.resolve("one"), "unix:ino");
      Object kept = Files.getAttribute(mounted.resolve("other"), "unix:ino");
      try (RandomAccessFile open = new RandomAccessFile(mounted.resolve("one").toFile(), "r")) {
        byte[] first = new byte[4];
        open.readFully(first);
        change();
        assertEquals(Set.of("gone"), names(mounted.resolve("sub")));

        hangUp(mounted);
        await(
            "the new name",
            () ->
                Files.exists(mounted.resolve("sub/late"))
                    && !Files.exists(mounted.resolve("sub/gone")));
        await("the new file", () -> Files.size(mounted.resolve("one")) == OTHER.length());
        assertChanged(mounted);
        assertEquals(1, lines(mounted, "refresh: 1 entries added, 1 removed, 1 replaced"));
        // who had it open goes on with what he opened
        byte[] rest = new byte[ONE.length() - 4];
        open.readFully(rest);
        assertEquals(
            ONE,
            new String(first, StandardCharsets.UTF_8) + new String(rest, StandardCharsets.UTF_8));
        assertEquals(ONE.length(), open.length());
      }
      assertFalse(inode.equals(Files.getAttribute(mounted.resolve("one"), "unix:ino")));
      assertEquals(kept, Files.getAttribute(mounted.resolve("other"), "unix:ino"));
      assertFigures(mounted);
    }
  }

  /** The figures of the store are there, and tell no names. */
  private void assertFigures(Mounted mounted) throws IOException, InterruptedException {
    Matcher url = URL.matcher(mounted.outcome().err());
    assertTrue(url.find(), () -> mounted.outcome().toString());
    String text = Http.get(url.group()).body();
    for (String figure :
        List.of(
            "unsealfs_source_requests_seconds_count{op=\"read\",outcome=\"ok\",provider=\"s3\"} ",
            "unsealfs_source_requests_seconds_count{op=\"list\",outcome=\"ok\",provider=\"s3\"} 2",
            "unsealfs_source_first_byte_seconds_count{provider=\"s3\"} ",
            "unsealfs_source_bytes_total{provider=\"s3\",reason=\"demand\"} ",
            "unsealfs_source_retries_total{cause=\"unavailable\",provider=\"s3\"} 0",
            "unsealfs_source_stale_total{provider=\"s3\"} ",
            "unsealfs_chunk_cache_total{result=\"miss\",tier=\"ram\"} ",
            "unsealfs_chunk_cache_size_bytes{tier=\"disk\"} 0",
            "unsealfs_prefetch_bytes_total{result=\"used\"} ",
            "unsealfs_prefetch_streams ",
            "unsealfs_credentials_expires_seconds NaN",
            "unsealfs_listing_skipped{cause=\"empty_name\"} 0",
            "unsealfs_listing_refreshes_total{outcome=\"ok\"} 1",
            "unsealfs_listing_refreshes_total{outcome=\"failed\"} 0")) {
      assertTrue(text.contains("\n" + figure), figure + " is not in\n" + text);
    }
    for (String name : List.of("models", "127.0.0.1", "gocryptfs.diriv", keyOf(ONE))) {
      assertFalse(text.contains(name), name);
    }
  }

  @Test
  void aStaleFileOpensAgainAndAFailedLookKeepsTheTree() throws IOException, InterruptedException {
    try (Mounted mounted = mount("-o", "refresh_interval=1h")) {
      change();
      FileSystemException stale =
          assertThrows(FileSystemException.class, () -> Files.readString(mounted.resolve("one")));
      assertEquals("Stale file handle", stale.getReason());
      server.next(StoreRequest::isList, Fault.status(403, "AccessDenied"));
      hangUp(mounted);
      await("a failed look", () -> lines(mounted, "refresh: failed") == 1);
      assertEquals(Set.of("gone"), names(mounted.resolve("sub")));
      hangUp(mounted);
      await("a good look", () -> lines(mounted, "refresh: 1 entries added") == 1);
      await("the new file", () -> Files.size(mounted.resolve("one")) == OTHER.length());
      await("the new name", () -> Files.exists(mounted.resolve("sub/late")));
      // one inode after the other is told to the kernel
      await("the new names", () -> names(mounted.resolve("sub")).equals(Set.of("late")));
      await("what is gone", () -> !Files.exists(mounted.resolve("sub/gone")));
      assertChanged(mounted);
    }
  }

  @Test
  void anIntervalNeedsNoSignal() throws IOException, InterruptedException {
    try (Mounted mounted = mount("--refresh-interval", "1s")) {
      assertEquals(ONE, Files.readString(mounted.resolve("one")));
      assertFalse(Files.exists(mounted.resolve("sub/late")));
      change();
      await("the new name", () -> Files.exists(mounted.resolve("sub/late")));
      await("the new file", () -> Files.size(mounted.resolve("one")) == OTHER.length());
      assertChanged(mounted);
    }
  }

  @Test
  void aTransportThatCannotSaysSo() throws IOException, InterruptedException {
    try (Mounted mounted = mount("--transport", "jnr", "--refresh-interval", "1s")) {
      assertEquals(ONE, Files.readString(mounted.resolve("one")));
      assertTrue(
          mounted.outcome().err().contains("refresh: off: only transport kernel")
              || lines(mounted, "refresh: off: only transport kernel") == 1,
          () -> mounted.outcome().toString());
      hangUp(mounted);
      await("a second line", () -> lines(mounted, "refresh: off") >= 1);
      assertEquals(ONE, Files.readString(mounted.resolve("one")));
    }
  }

  @Test
  void anImageThatWasReplacedIsToldAndNeedsANewMount() throws IOException, InterruptedException {
    Needs.programs("mke2fs");
    Path image = scratch.resolve("image");
    Command.unsealfs(scratch, "encrypt", shared.resolve("plain").toString(), image.toString())
        .with("--format", "luks2", "--key", key, "--luks-pbkdf", "pbkdf2")
        .with("--luks-iterations", "1000")
        .run()
        .assertStatus(0);
    byte[] content = Files.readAllBytes(image);
    server.bucket().put("disk.img", content);
    try (Mounted mounted =
        Mounted.mount(
            scratch,
            "s3://models/disk.img",
            "--endpoint",
            server.endpoint(),
            "--path-style",
            "--credentials",
            "anonymous",
            "--key",
            key)) {
      assertEquals(ONE, Files.readString(mounted.resolve("one")));
      hangUp(mounted);
      await("a look", () -> lines(mounted, "refresh: nothing changed") == 1);
      server.bucket().put("disk.img", content);
      hangUp(mounted);
      await("a line", () -> lines(mounted, "refresh: the image was replaced or removed") == 1);
      assertEquals(ONE, Files.readString(mounted.resolve("one")));
    }
  }
}
