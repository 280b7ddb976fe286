package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.object.S3ProxyServer;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.object.server.Fault;
import io.unsealfs.storage.object.server.StoreBucket;
import io.unsealfs.storage.object.server.StoreRequest;
import io.unsealfs.storage.object.server.StoreServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Volumes in a bucket of a server that is not ours, used as volumes on this machine are. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BucketVolumesTest {
  private static final String BUCKET = "models";

  @TempDir static Path shared = Path.of("");
  @TempDir Path scratch = Path.of("");
  private S3ProxyServer server;

  @BeforeAll
  void start() throws Exception {
    server = S3ProxyServer.start(Files.createDirectory(shared.resolve("buckets")));
    server.bucket(BUCKET);
  }

  @AfterAll
  void stop() throws Exception {
    server.close();
  }

  static List<VectorVolume> volumes() {
    return VectorVolume.all();
  }

  private String credentials() throws IOException {
    return "file:"
        + Secrets.file(
            scratch,
            "access_key_id="
                + S3ProxyServer.ID
                + "\naccess_key_secret="
                + S3ProxyServer.SECRET
                + "\n");
  }

  /** The words that say how the store is reached. */
  private List<String> store() throws IOException {
    return List.of("--endpoint", server.endpoint(), "--path-style", "--credentials", credentials());
  }

  private String upload(VectorVolume volume) throws IOException, InterruptedException {
    Path unpacked = volume.unpack(scratch);
    server.upload(BUCKET, volume.name(), unpacked);
    return "s3://" + BUCKET + "/" + volume.name();
  }

  private Command unsealfs(String... words) throws IOException {
    return Command.unsealfs(scratch, words).with(store().toArray(String[]::new));
  }

  /** The files with content whose names survive in a bucket. */
  private static Map<Name, String> files(TreeSnapshot tree) {
    Map<Name, String> files = new TreeMap<>();
    tree.entries()
        .forEach((path, entry) -> {
          String sha256 = entry.sha256();
          if (entry.kind() == NodeKind.FILE && sha256 != null) {
            files.put(path, entry.size() + " " + sha256);
          }
        });
    return files;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("volumes")
  void aMountedGocryptfsVolumeShowsItsFiles(VectorVolume volume)
      throws IOException, InterruptedException {
    Needs.fuse();
    String source = upload(volume);
    List<String> options = new ArrayList<>(store());
    options.addAll(List.of("--key", Secrets.reference(scratch, volume.password())));
    try (Mounted mounted = Mounted.mount(scratch, source, options.toArray(String[]::new))) {
      assertEquals(files(volume.expected()), files(TreeSnapshot.of(mounted.path())));
    }
  }

  @Test
  void anOssSourceShowsTheSame() throws IOException, InterruptedException {
    Needs.fuse();
    VectorVolume volume = VectorVolume.named("xchacha");
    String source = upload(volume).replace("s3://", "oss://");
    try (Mounted mounted =
        Mounted.mount(
            scratch,
            source,
            "-o",
            "endpoint=" + server.openEndpoint() + ",path_style,region=cn-hangzhou",
            "-o",
            "credentials=" + credentials(),
            "--key",
            Secrets.reference(scratch, volume.password()))) {
      assertEquals(files(volume.expected()), files(TreeSnapshot.of(mounted.path())));
    }
  }

  @Test
  void aLuksImageIsOneObject() throws IOException, InterruptedException {
    Needs.fuse();
    VectorImage image =
        VectorImage.all().stream()
            .filter(i -> i.entry().has("manifest") && !i.entry().has("header"))
            .findFirst()
            .orElseThrow();
    server.put(BUCKET, "images/disk.luks", image.unpack(scratch));
    List<String> options = new ArrayList<>(store());
    options.addAll(image.options(scratch));
    options.addAll(List.of("--chunk-cache-dir", scratch.resolve("chunks").toString()));
    String source = "s3://" + BUCKET + "/images/disk.luks";
    for (int mount = 0; mount < 2; mount++) {
      try (Mounted mounted = Mounted.mount(scratch, source, options.toArray(String[]::new))) {
        assertEquals(files(image.expected()), files(TreeSnapshot.of(mounted.path())));
      }
    }
  }

  @Test
  void twoMountsBehindNginxHaveEachByteSentOnce() throws IOException, InterruptedException {
    Needs.fuse();
    byte[] content = new byte[20 << 20];
    new Random(23).nextBytes(content);
    Path plain = Files.createDirectory(scratch.resolve("plain"));
    Files.write(plain.resolve("weights.bin"), content);
    Path volume = scratch.resolve("volume");
    String key = Secrets.reference(scratch, "a passphrase of the test");
    Command.unsealfs(scratch, "encrypt", plain.toString(), volume.toString())
        .with("--format", "gocryptfs", "--key", key)
        .run()
        .assertStatus(0);
    server.upload(BUCKET, "behind-nginx", volume);
    Path big;
    try (Stream<Path> files = Files.walk(volume)) {
      big =
          files
              .filter(Files::isRegularFile)
              .max(Comparator.comparingLong(file -> file.toFile().length()))
              .orElseThrow();
    }
    try (CachingProxy proxy = CachingProxy.before(server.openEndpoint(), scratch)) {
      String[] options = {
        "--endpoint", proxy.endpoint(), "--path-style", "--credentials", "anonymous", "--key", key
      };
      String source = "s3://" + BUCKET + "/behind-nginx";
      try (Mounted one = Mounted.mount(scratch, source, options);
          Mounted other = Mounted.mount(scratch, source, options)) {
        assertArrayEquals(content, Files.readAllBytes(one.resolve("weights.bin")));
        assertArrayEquals(content, Files.readAllBytes(other.resolve("weights.bin")));
      }
    }
    assertEquals(
        Files.size(big), server.sentBytes("behind-nginx/" + volume.relativize(big)), "once");
  }

  @Test
  void everyCommandTakesABucket() throws IOException, InterruptedException {
    VectorVolume volume = VectorVolume.named("xchacha");
    String source = upload(volume);
    String key = Secrets.reference(scratch, volume.password());
    Path local = scratch.resolve(volume.name());

    String info = unsealfs("info", source, "--json").run().assertStatus(0).out();
    assertEquals(Command.unsealfs(scratch, "info", local.toString(), "--json").run().out(), info);

    List<String> names =
        unsealfs("ls", source, "--key", key).run().assertStatus(0).out().lines().toList();
    Map<Name, String> files = files(volume.expected());
    String file =
        names.stream()
            .filter(name -> !files.getOrDefault(Name.of(name), "0 ").startsWith("0 "))
            .findFirst()
            .orElseThrow();
    assertEquals(
        Command.unsealfs(scratch, "cat", local.toString(), file, "--key", key).run().out(),
        unsealfs("cat", source, file, "--key", key).run().assertStatus(0).out());

    // a bucket has no symbolic links; of those with long names the names are left over, and told
    long lost = longNamesOfLinks(local);
    Outcome check = unsealfs("check", source, "--key", key).run().assertStatus(lost == 0 ? 0 : 26);
    assertTrue(check.out().contains(" " + lost + " damages"), check::toString);

    Path exported = scratch.resolve("exported");
    unsealfs("export", source, exported.toString(), "--key", key).run().assertStatus(0);
    assertEquals(files(volume.expected()), files(TreeSnapshot.of(exported)));

    Outcome bench = unsealfs("bench", source, "--key", key, "--json").run().assertStatus(0);
    assertTrue(bench.out().contains("\"read\""), bench::toString);
  }

  private static long longNamesOfLinks(Path volume) throws IOException {
    try (Stream<Path> files = Files.walk(volume)) {
      return files
          .filter(Files::isSymbolicLink)
          .filter(link -> Files.exists(link.resolveSibling(link.getFileName() + ".name")))
          .count();
    }
  }

  @Test
  void warmedCiphertextIsKeptAndPurged() throws IOException, InterruptedException {
    VectorVolume volume = VectorVolume.named("xchacha");
    String source = upload(volume);
    String key = Secrets.reference(scratch, volume.password());
    String directory = scratch.resolve("chunks").toString();
    Outcome warm =
        unsealfs("warm", source, "--key", key, "--chunk-cache-dir", directory)
            .run()
            .assertStatus(0);
    assertTrue(warm.errLine().contains(" 0 files could not be read"), warm::toString);

    Outcome purge =
        Command.unsealfs(scratch, "cache", "purge", "--chunk-cache-dir", directory)
            .run()
            .assertStatus(0);
    assertTrue(purge.errLine().matches("unsealfs: [1-9][0-9]+ bytes deleted"), purge::toString);
  }

  @Test
  void checkBlamesTheChunkCacheForItsOwnDamage() throws IOException, InterruptedException {
    VectorVolume volume = VectorVolume.named("xchacha");
    String source = upload(volume);
    String key = Secrets.reference(scratch, volume.password());
    Path directory = scratch.resolve("chunks");
    String[] check = {"check", source, "--key", key, "--chunk-cache-dir", directory.toString()};
    unsealfs("warm", source, "--key", key, "--chunk-cache-dir", directory.toString())
        .run()
        .assertStatus(0);
    Path largest;
    try (Stream<Path> files = Files.walk(directory)) {
      largest =
          files
              .filter(file -> file.getFileName().toString().matches("[0-9a-f]{8}"))
              .max(Comparator.comparingLong(file -> file.toFile().length()))
              .orElseThrow();
    }
    try (RandomAccessFile bytes = new RandomAccessFile(largest.toFile(), "rw")) {
      // in the first block: behind the segment's header, the file's, and the nonce
      bytes.seek(64 + 18 + 24 + 5);
      int before = bytes.read();
      bytes.seek(64 + 18 + 24 + 5);
      bytes.write(before ^ 1);
    }
    // symbolic links are lost in a bucket, cache or not
    Outcome plain = unsealfs("check", source, "--key", key).run();
    Outcome blamed = unsealfs(check).run();
    assertTrue(blamed.out().contains("note: "), blamed::toString);
    assertTrue(blamed.out().contains("what the storage has is sound"), blamed::toString);
    assertEquals(lastLine(plain), lastLine(blamed));
    Outcome healed = unsealfs(check).run();
    assertFalse(healed.out().contains("note: "), healed::toString);
    assertEquals(lastLine(plain), lastLine(healed));
  }

  private static String lastLine(Outcome outcome) {
    return outcome.out().lines().reduce("", (before, line) -> line);
  }

  /** Segments in a chunk cache. */
  private static long segments(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(file -> file.getFileName().toString().matches("[0-9a-f]{8}")).count();
    }
  }

  /** A file of the volume that has content, and not the only one. */
  private static Name someFile(VectorVolume volume) {
    return files(volume.expected()).entrySet().stream()
        .filter(file -> !file.getValue().startsWith("0 "))
        .map(Map.Entry::getKey)
        .filter(name -> name.toString().matches("[a-zA-Z0-9._/-]+"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void warmWithAGlobBringsTheFilesThatMatch() throws IOException, InterruptedException {
    VectorVolume volume = VectorVolume.named("xchacha");
    String source = upload(volume);
    String key = Secrets.reference(scratch, volume.password());
    Path all = scratch.resolve("all");
    Path one = scratch.resolve("one");
    unsealfs("warm", source, "--key", key, "--chunk-cache-dir", all.toString())
        .run()
        .assertStatus(0);
    Outcome warm =
        unsealfs(
                "warm",
                source,
                "/" + someFile(volume),
                "--key",
                key,
                "--chunk-cache-dir",
                one.toString())
            .run()
            .assertStatus(0);
    assertTrue(warm.errLine().startsWith("unsealfs: 1 files, "), warm::toString);
    assertTrue(segments(one) < segments(all), segments(one) + " of " + segments(all));
  }

  @Test
  void preloadBringsCiphertextToTheDiskCacheWhereThereIsOne()
      throws IOException, InterruptedException {
    Needs.fuse();
    VectorVolume volume = VectorVolume.named("xchacha");
    String source = upload(volume);
    Path chunks = scratch.resolve("chunks");
    List<String> options = new ArrayList<>(store());
    options.addAll(List.of("--key", Secrets.reference(scratch, volume.password())));
    options.addAll(List.of("--chunk-cache-dir", chunks.toString()));
    options.add("--preload");
    List<Long> sizes =
        files(volume.expected()).values().stream()
            .map(file -> Long.valueOf(file.substring(0, file.indexOf(' '))))
            .toList();
    try (Mounted mounted = Mounted.mount(scratch, source, options.toArray(String[]::new))) {
      String line = awaitPreload(mounted);
      Matcher done = Pattern.compile("preload: (\\d+) files, (\\d+) bytes in .*").matcher(line);
      assertTrue(done.find(), line);
      assertEquals(sizes.size(), Integer.parseInt(done.group(1)), line);
      assertTrue(line.endsWith("all that was asked for"), line);
      long plaintextBytes = sizes.stream().mapToLong(Long::longValue).sum();
      assertTrue(Long.parseLong(done.group(2)) > plaintextBytes, "ciphertext is more: " + line);
      // nobody has read a byte
      long withContent = sizes.stream().filter(size -> size > 0).count();
      assertTrue(segments(chunks) >= withContent, segments(chunks) + " for " + withContent);
      assertEquals(files(volume.expected()), files(TreeSnapshot.of(mounted.path())));
    }
  }

  private static String awaitPreload(Mounted mounted) throws IOException, InterruptedException {
    long end = System.nanoTime() + 60_000_000_000L;
    while (true) {
      List<String> log = mounted.log();
      Optional<String> line = log.stream().filter(l -> l.contains("preload: ")).findFirst();
      if (line.isPresent()) {
        return line.get();
      }
      assertTrue(System.nanoTime() < end, log::toString);
      Thread.sleep(20);
    }
  }

  @Test
  void whatIsWrongWithTheStoreIsSaidInOneLine() throws IOException, InterruptedException {
    VectorVolume volume = VectorVolume.named("xchacha");
    String source = upload(volume);
    String key = Secrets.reference(scratch, volume.password());

    Path mountpoint = Files.createDirectory(scratch.resolve("mountpoint"));
    for (List<String> words :
        List.of(List.of("ls", source), List.of("mount", source, mountpoint.toString()))) {
      Outcome refused =
          Command.unsealfs(scratch, words.toArray(String[]::new))
              .with("--key", key, "--path-style")
              .with("--endpoint", server.endpoint(), "--credentials", "anonymous")
              .run()
              .assertStatus(28);
      for (String named :
          List.of("403", "AccessDenied", "s3://" + BUCKET, volume.name(), server.endpoint())) {
        assertTrue(refused.errLines().getLast().contains(named), () -> named + " in " + refused);
      }
    }

    unsealfs("ls", "s3://" + BUCKET + "/nothing/here", "--key", key).run().assertStatus(23);
    unsealfs("ls", "s3://no-such-bucket/x", "--key", key).run().assertStatus(28);
    unsealfs("ls", "s3://Not_A_Bucket/x", "--key", key).run().assertStatus(2);
    unsealfs("ls", source, "--key", key, "--op-deadline", "soon").run().assertStatus(2);
    unsealfs("ls", "s3://" + BUCKET, "--key", key).run().assertStatus(23);
  }

  /** As a session of AWS is limited: objects below the prefix, and listings that begin with it. */
  private static @Nullable Fault outside(String prefix, StoreRequest request) {
    String asked = request.isList() ? request.query().getOrDefault("prefix", "") : request.key();
    return asked.startsWith(prefix) ? null : Fault.status(403, "AccessDenied");
  }

  @Test
  void rightsForThePrefixAloneAreEnoughToMountIt() throws IOException, InterruptedException {
    Needs.fuse();
    VectorVolume volume = VectorVolume.named("xchacha");
    Path unpacked = volume.unpack(scratch);
    try (StoreServer limited = new StoreServer(new StoreBucket(StoreBucket.Dialect.S3, BUCKET))) {
      limited.gate(request -> outside("qwen/", request));
      put(limited, unpacked);
      List<String> options =
          List.of("--endpoint", limited.endpoint(), "--path-style", "--credentials", credentials());
      String key = Secrets.reference(scratch, volume.password());
      List<String> words = new ArrayList<>(options);
      words.addAll(List.of("--key", key));
      try (Mounted mounted =
          Mounted.mount(scratch, "s3://" + BUCKET + "/qwen", words.toArray(String[]::new))) {
        assertEquals(files(volume.expected()), files(TreeSnapshot.of(mounted.path())));
      }
      Path mountpoint = Files.createDirectory(scratch.resolve("elsewhere"));
      Outcome refused =
          Command.unsealfs(scratch, "mount", "s3://" + BUCKET + "/llama", mountpoint.toString())
              .with(words.toArray(String[]::new))
              .run()
              .assertStatus(28);
      for (String named : List.of("403", "AccessDenied", "R-1", "llama/", "s3://" + BUCKET)) {
        assertTrue(refused.errLines().getLast().contains(named), () -> named + " in " + refused);
      }
    }
  }

  @Test
  void aVolumeAmongAHundredThousandObjectsIsMountedWithFewRequests()
      throws IOException, InterruptedException {
    Needs.fuse();
    VectorVolume volume = VectorVolume.named("xchacha");
    Path unpacked = volume.unpack(scratch);
    try (StoreServer large = new StoreServer(new StoreBucket(StoreBucket.Dialect.S3, BUCKET))) {
      put(large, unpacked);
      for (int directory = 0; directory < 100; directory++) {
        for (int file = 0; file < 1000; file++) {
          large.bucket().put("qwen/more/" + directory + "/" + file, new byte[0]);
        }
      }
      List<String> words =
          List.of(
              "--endpoint",
              large.endpoint(),
              "--path-style",
              "--credentials",
              credentials(),
              "--key",
              Secrets.reference(scratch, volume.password()));
      try (Mounted mounted =
          Mounted.mount(scratch, "s3://" + BUCKET + "/qwen", words.toArray(String[]::new))) {
        long lists = large.traffic().lists();
        // 101 pages one after the other; ten of them are listed again in parts
        assertTrue(lists >= 101 && lists <= 240, lists + " pages");
        assertEquals(1, large.traffic().heads());
        try (Stream<Path> files = Files.walk(unpacked)) {
          long few = files.count();
          assertTrue(large.traffic().gets() <= few, large.traffic().gets() + " of " + few);
        }
        assertTrue(Files.isDirectory(mounted.path()));
      }
    }
  }

  private static void put(StoreServer server, Path volume) throws IOException {
    try (Stream<Path> files = Files.walk(volume)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        server.bucket().put("qwen/" + volume.relativize(file), Files.readAllBytes(file));
      }
    }
  }

  @Test
  void aFileInABucketThatIsNoVolumeIsRefused() throws IOException, InterruptedException {
    server.put(BUCKET, "plain/readme", new byte[] {1, 2, 3});
    unsealfs("info", "s3://" + BUCKET + "/plain/readme").run().assertStatus(23);
    unsealfs("info", "s3://" + BUCKET + "/plain").run().assertStatus(23);
  }
}
