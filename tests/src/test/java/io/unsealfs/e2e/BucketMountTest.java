package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a mounted bucket asks its store for, and what its readers see when the store misbehaves. */
@Timeout(240)
class BucketMountTest {
  private static final String BIG = "weights.bin";

  /** What comes with the header of a file when it is opened, and the first page behind it. */
  private static final int START_BYTES = 8 << 20;

  private static final long BEHIND_START = START_BYTES / 4096;

  private static final int BIG_BYTES = 40 << 20;
  private static final int PAGE = 4096;
  private static final byte[] CONTENT = content();

  @TempDir static Path shared = Path.of("");
  private static Path volume = Path.of("");
  private static String key = "";

  @TempDir Path scratch = Path.of("");
  private StoreServer server;

  private static byte[] content() {
    byte[] bytes = new byte[BIG_BYTES];
    new Random(17).nextBytes(bytes);
    return bytes;
  }

  @BeforeAll
  static void encrypt() throws IOException, InterruptedException {
    Path plain = Files.createDirectories(shared.resolve("plain/sub"));
    Files.write(plain.resolveSibling(BIG), CONTENT);
    Files.writeString(plain.resolve("small.txt"), "small");
    volume = shared.resolve("volume");
    key = Secrets.reference(shared, "a passphrase of the test");
    Command.unsealfs(shared, "encrypt", shared.resolve("plain").toString(), volume.toString())
        .with("--format", "gocryptfs", "--key", key)
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
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private Mounted mount(String... more) throws IOException, InterruptedException {
    return mountFrom(server.endpoint(), more);
  }

  private Mounted mountFrom(String endpoint, String... more)
      throws IOException, InterruptedException {
    return mountAs("anonymous", endpoint, more);
  }

  private Mounted mountAs(String credentials, String endpoint, String... more)
      throws IOException, InterruptedException {
    List<String> options = new ArrayList<>(List.of("--endpoint", endpoint, "--path-style"));
    options.addAll(List.of("--credentials", credentials, "--key", key));
    options.addAll(List.of(more));
    return Mounted.mount(scratch, "s3://models/v", options.toArray(String[]::new));
  }

  private static byte[] read(Path file, long offset, int length) throws IOException {
    try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "r")) {
      byte[] bytes = new byte[length];
      opened.seek(offset);
      opened.readFully(bytes);
      return bytes;
    }
  }

  private static byte[] expected(long offset, int length) {
    return Arrays.copyOfRange(CONTENT, (int) offset, (int) offset + length);
  }

  /** The key of the object that holds the big file. */
  private static String bigKey() throws IOException {
    try (Stream<Path> files = Files.walk(volume)) {
      Path biggest =
          files
              .filter(Files::isRegularFile)
              .max((a, b) -> Long.compare(a.toFile().length(), b.toFile().length()))
              .orElseThrow();
      return "v/" + volume.relativize(biggest);
    }
  }

  private long bigGets() throws IOException {
    String big = bigKey();
    return server.traffic().requests().stream()
        .filter(request -> request.isGet() && request.key().equals(big))
        .count();
  }

  @Test
  void aFileIsReadOnceAndItsNamesCostNothing() throws IOException, InterruptedException {
    try (Mounted mounted = mount()) {
      server.traffic().reset();
      try (Stream<Path> names = Files.walk(mounted.path())) {
        assertEquals(4, names.count());
      }
      assertFalse(Files.exists(mounted.resolve("no such name")));
      assertFalse(Files.exists(mounted.resolve("sub/nor this")));
      assertEquals(List.of(), server.traffic().requests());

      assertArrayEquals(CONTENT, Files.readAllBytes(mounted.resolve(BIG)));
      // whoever waits for a second asks once more, which may happen on a busy machine
      double most = 1.05 * BIG_BYTES + hedges(mounted) * (8L << 20);
      assertTrue(
          server.traffic().bodyBytes() < most,
          () -> server.traffic().bodyBytes() + " bytes fetched for " + BIG_BYTES);
      assertEquals("small", Files.readString(mounted.resolve("sub/small.txt")));
    }
  }

  /** The file's own header is read, and all that is ordered with it is asked for. */
  private void readStart(Path file) throws IOException, InterruptedException {
    server.traffic().reset();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    // closing the file would end what is not under way yet
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "r")) {
      assertEquals(expected(0, 1)[0], open.readByte());
      while (startAskedFor().cardinality() < START_BYTES >> 20) {
        assertTrue(System.nanoTime() < end, "what follows the start is not asked for");
        Thread.sleep(1);
      }
    }
  }

  /** Which MiB of the object's start were asked for; one request may have been doubled. */
  private BitSet startAskedFor() throws IOException {
    String big = bigKey();
    BitSet asked = new BitSet();
    for (StoreRequest request : server.traffic().requests()) {
      String range = request.headers().getOrDefault("range", "");
      if (request.isGet() && request.key().equals(big) && range.startsWith("bytes=")) {
        int dash = range.indexOf('-');
        long last = Long.parseLong(range.substring(dash + 1));
        if (last < START_BYTES) {
          asked.set((int) (last >> 20));
        }
      }
    }
    return asked;
  }

  /** How many requests were made twice so far, since they were slow. */
  private long hedges(Mounted mounted) throws IOException, InterruptedException {
    Outcome status = Command.unsealfs(scratch, "status", "--json", "" + mounted.path()).run();
    return Json.parse(status.assertStatus(0).out())
        .get("store")
        .get("faults")
        .get("hedges")
        .number();
  }

  @Test
  void twentyReadersOfOneChunkMakeOneRequest() throws Exception {
    try (Mounted mounted = mount()) {
      Path file = mounted.resolve(BIG);
      readStart(file);
      server.traffic().reset();
      server.always(Fault.delay(500));
      long before = hedges(mounted);
      readAtOnce(20, i -> assertPage(file, BEHIND_START + 1536L + (i * 3) % 32));
      long requests = bigGets();
      // one, and one more for whoever had to wait for a second on a busy machine
      assertTrue(requests >= 1, "nothing was asked for");
      assertTrue(requests <= 1 + hedges(mounted) - before, requests + " requests");
    }
  }

  /** An action with a number. */
  @FunctionalInterface
  private interface Numbered {
    void run(int number) throws Exception;
  }

  private static void readAtOnce(int readers, Numbered action) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(readers)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < readers; i++) {
        int number = i;
        running.add(
            threads.submit(() -> {
              action.run(number);
              return number;
            }));
      }
      for (Future<?> each : running) {
        each.get();
      }
    }
  }

  private static void assertPage(Path file, long page) throws IOException {
    assertArrayEquals(expected(page * PAGE, PAGE), read(file, page * PAGE, PAGE));
  }

  @Test
  void manyReadersHaveManyRequestsUnderWay() throws Exception {
    try (Mounted mounted = mount()) {
      Path file = mounted.resolve(BIG);
      readStart(file);
      server.traffic().reset();
      server.always(Fault.delay(3000));
      // each in a chunk of his own, so that each waits for a request of his own
      readAtOnce(16, i -> assertPage(file, 600L + i * 576L));
      assertTrue(
          server.traffic().mostAtOnce() >= 8,
          () -> server.traffic().mostAtOnce() + " requests at a time for 16 readers");
    }
  }

  @Test
  void tokensThatExpireUnderLoadAreReplacedFromTheirFile() throws Exception {
    AtomicInteger oldestValid = new AtomicInteger();
    Path credentials = scratch.resolve("credentials");
    writeToken(credentials, 0);
    server.gate(request -> {
      String token = request.headers().getOrDefault("x-amz-security-token", "-1");
      return Integer.parseInt(token) >= oldestValid.get()
          ? null
          : Fault.status(400, "ExpiredToken");
    });
    int renewals = 4;
    try (Mounted mounted = mountAs("file:" + credentials, server.endpoint())) {
      Path file = mounted.resolve(BIG);
      // of each reader, which renewals came before a page that he has read
      AtomicIntegerArray read = new AtomicIntegerArray(new int[] {-1, -1, -1, -1});
      AtomicInteger written = new AtomicInteger();
      readAtOnce(
          4,
          reader -> {
            for (int i = 0; i < 20; i++) {
              if (reader == 0 && i % 5 == 4) {
                // a read takes no longer than a token is good for
                for (int other = 1; other < 4; other++) {
                  while (read.get(other) < written.get()) {
                    Thread.sleep(1);
                  }
                }
                writeToken(credentials, i / 5 + 1);
                oldestValid.set(written.getAndSet(i / 5 + 1));
              }
              int before = written.get();
              assertPage(file, BEHIND_START + reader * 1700L + i * 80L);
              read.set(reader, before);
            }
            read.set(reader, Integer.MAX_VALUE);
          });
      assertEquals(renewals, written.get());
    }
  }

  /** As a pod's secret is replaced: by a rename. */
  private static void writeToken(Path file, int number) throws IOException {
    Path fresh = file.resolveSibling("credentials.new");
    Files.deleteIfExists(fresh);
    Files.createFile(
        fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(
        fresh, "access_key_id=ak\naccess_key_secret=sk\nsecurity_token=" + number + "\n");
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void aReplacedObjectIsStaleAndNeverAMixture() throws IOException, InterruptedException {
    try (Mounted mounted = mount()) {
      Path file = mounted.resolve(BIG);
      try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "r")) {
        byte[] first = new byte[PAGE];
        open.readFully(first);
        assertArrayEquals(expected(0, PAGE), first);
        byte[] stored = Files.readAllBytes(volume.resolve(bigKey().substring(2)));
        server.bucket().put(bigKey(), stored);
        open.seek(30L << 20);
        IOException stale = assertThrows(IOException.class, () -> open.readFully(first));
        assertTrue(
            String.valueOf(stale.getMessage()).contains("Stale file handle"), stale::toString);
      }
      FileSystemException again =
          assertThrows(FileSystemException.class, () -> Files.newByteChannel(file).close());
      assertEquals("Stale file handle", again.getReason());
      assertEquals("small", Files.readString(mounted.resolve("sub/small.txt")));
    }
  }

  @Test
  void whatWasForgedOnTheWayIsFetchedOnceMore() throws IOException, InterruptedException {
    try (Mounted mounted = mount()) {
      Path file = mounted.resolve(BIG);
      read(file, 0, 1);
      server.traffic().reset();
      server.next(StoreRequest::isGet, Fault.flip(10_000));
      assertArrayEquals(expected(20L << 20, 1 << 20), read(file, 20L << 20, 1 << 20));
    }
  }

  @Test
  void whatIsForgedInTheStoreIsAnErrorAndIsToldSo() throws IOException, InterruptedException {
    String big = bigKey();
    byte[] stored = Files.readAllBytes(volume.resolve(big.substring(2)));
    stored[25 << 20] ^= 1;
    server.bucket().put(big, stored);
    try (Mounted mounted = mount()) {
      Path file = mounted.resolve(BIG);
      long page = (25L << 20) / 4128;
      IOException damaged = assertThrows(IOException.class, () -> read(file, page * PAGE, PAGE));
      assertTrue(String.valueOf(damaged.getMessage()).contains("Input/output"), damaged::toString);
      assertPage(file, 100);
    }
  }

  @Test
  void aSecondMountReadsFromTheDiskAlone() throws IOException, InterruptedException {
    String directory = scratch.resolve("chunks").toString();
    try (Mounted mounted = mount("--chunk-cache-dir", directory)) {
      assertArrayEquals(CONTENT, Files.readAllBytes(mounted.resolve(BIG)));
      mounted.unmount();
    }
    server.traffic().reset();
    try (Mounted mounted = mount("--chunk-cache-dir", directory)) {
      assertArrayEquals(CONTENT, Files.readAllBytes(mounted.resolve(BIG)));
      assertEquals(0, bigGets());
    }
  }

  @Test
  void aDaemonKilledWhileItFillsTheDiskCacheLeavesNoWrongByte()
      throws IOException, InterruptedException {
    String directory = scratch.resolve("chunks").toString();
    try (Mounted mounted = mount("--chunk-cache-dir", directory)) {
      byte[] buffer = new byte[1 << 20];
      try (RandomAccessFile file = new RandomAccessFile(mounted.resolve(BIG).toFile(), "r")) {
        for (int i = 0; i < 24; i++) {
          file.readFully(buffer);
        }
      }
      ProcessHandle.of(mounted.pid()).orElseThrow().destroyForcibly();
    }
    try (Mounted mounted = mount("--chunk-cache-dir", directory)) {
      assertArrayEquals(CONTENT, Files.readAllBytes(mounted.resolve(BIG)));
    }
  }

  @Test
  void twoMountsBehindACachingProxyFetchEachByteOnce() throws IOException, InterruptedException {
    try (CachingProxy proxy = CachingProxy.before(server.endpoint(), scratch);
        Mounted one = mountFrom(proxy.endpoint());
        Mounted other = mountFrom(proxy.endpoint())) {
      assertArrayEquals(CONTENT, Files.readAllBytes(one.resolve(BIG)));
      assertArrayEquals(CONTENT, Files.readAllBytes(other.resolve(BIG)));
      assertFetchedOnce();
    }
  }

  /** No byte of the big object left the origin twice. */
  private void assertFetchedOnce() throws IOException {
    String big = bigKey();
    int size = (int) Files.size(volume.resolve(big.substring(2)));
    int[] times = new int[size];
    for (StoreRequest request : server.traffic().requests()) {
      if (request.isGet() && request.key().equals(big)) {
        String[] range =
            request
                .headers()
                .getOrDefault("range", "bytes=0-" + (size - 1))
                .substring(6)
                .split("-", 2);
        int last = Math.min(size - 1, Integer.parseInt(range[1]));
        for (int i = Integer.parseInt(range[0]); i <= last; i++) {
          times[i]++;
        }
      }
    }
    assertEquals(1, Arrays.stream(times).min().orElseThrow(), "every byte was fetched");
    assertEquals(1, Arrays.stream(times).max().orElseThrow(), "and none twice");
  }
}
