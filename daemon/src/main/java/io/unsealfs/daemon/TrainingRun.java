package io.unsealfs.daemon;

import io.unsealfs.crypto.NativeAes;
import io.unsealfs.storage.chunk.FetchRehearsal;
import io.unsealfs.storage.object.http.RehearsalStore;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * What the build runs while the JVM records an AOT cache: a volume of its own is encrypted, mounted
 * and read, also from a bucket that it serves itself, so that the cache knows the classes of a
 * mount and which methods matter. Where this machine cannot mount, the volume is read without.
 * Needs no network but the loopback, and no root.
 */
final class TrainingRun {
  private static final int BIG_FILE = 8 << 20;

  private static final long MOUNT_SECONDS = 20;

  /** So many that what sends a request and takes its answer counts as called often. */
  private static final int REQUESTS = 600;

  private static final long REHEARSED_BYTES = 512L << 20;

  private static final FileAttribute<Set<PosixFilePermission>> OWN =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  /** What the readers do, little of it: a method often called here is never optimised later. */
  private static final String READING =
      """
      ls -lR "$0"; cat "$0"/big "$0"/folder/*
      dd if="$0"/big of=/dev/null bs=4k count=200 iflag=direct
      """;

  private final Path folder;
  private final Path mountPoint;
  private final Path volume;
  private final String key;
  private int mounts;

  private TrainingRun(Path folder) {
    this.folder = folder;
    this.mountPoint = folder.resolve("mnt");
    this.volume = folder.resolve("volume");
    this.key = "file:" + folder.resolve("key");
  }

  /**
   * Trains.
   *
   * @param arguments an empty directory, which the caller removes
   */
  public static void main(String[] arguments) throws Exception {
    new TrainingRun(Path.of(arguments[0]).toAbsolutePath()).train();
    System.exit(0);
  }

  private void train() throws Exception {
    prepare();
    // or the next start would compile the JDK's cipher first of all, which it does not use for long
    NativeAes.prepare();
    boolean _ = NativeAes.await(TimeUnit.SECONDS.toMillis(MOUNT_SECONDS));
    run("encrypt", "--scrypt-n", "10", "--key", key, plain().toString(), volume.toString());
    if (mounted(volume.toString())) {
      rehearse();
      try (TrainingBucket bucket = new TrainingBucket(volume)) {
        bucket.requests(REQUESTS, credentials());
        boolean _ = mountedFrom(bucket);
        // it fills the disk cache, the next one reads from it
        String cache = Files.createDirectory(folder.resolve("cache"), OWN).toString();
        for (int i = 0; i < 2; i++) {
          boolean _ = mountedFrom(bucket, "--chunk-cache-dir", cache);
        }
      }
    } else {
      run("ls", "--key", key, volume.toString());
      run("check", "--key", key, volume.toString());
    }
  }

  /** What each mount of a bucket does beside; its own may end too early for the cache to learn. */
  private static void rehearse() throws IOException {
    for (int i = 0; i < 2; i++) {
      RehearsalStore nowhere = new RehearsalStore(REHEARSED_BYTES);
      try (FetchRehearsal rehearsal = new FetchRehearsal(nowhere, nowhere.object())) {
        rehearsal.readOnce(() -> true);
      }
    }
  }

  private boolean mountedFrom(TrainingBucket bucket, String... more) throws Exception {
    List<String> options = new ArrayList<>(List.of("--path-style", "--endpoint"));
    options.add(bucket.endpoint());
    options.addAll(List.of(more));
    return mounted(
        "s3://" + TrainingBucket.NAME + "/" + TrainingBucket.PREFIX,
        options.toArray(String[]::new));
  }

  /** Mounts, reads and unmounts; false if this machine cannot mount. */
  private boolean mounted(String source, String... options) throws Exception {
    mounts++;
    List<String> words = new ArrayList<>(List.of("mount", "--foreground", "--log-file"));
    words.addAll(List.of(log().toString(), "--key", key));
    words.addAll(List.of(options));
    words.addAll(List.of(source, mountPoint.toString()));
    CompletableFuture<Integer> mount =
        CompletableFuture.supplyAsync(() -> run(words.toArray(String[]::new)));
    if (!isServed(mount)) {
      return false;
    }
    // other processes read: this one never touches its own mount point
    child("sh", "-c", READING, mountPoint.toString());
    unmount();
    mount.get(MOUNT_SECONDS, TimeUnit.SECONDS);
    return true;
  }

  private Path credentials() {
    return folder.resolve("credentials");
  }

  private Path log() {
    return folder.resolve("log-" + mounts);
  }

  private Path plain() {
    return folder.resolve("plain");
  }

  private void prepare() throws IOException {
    SecureRandom random = new SecureRandom();
    byte[] secret = new byte[16];
    random.nextBytes(secret);
    Files.createDirectory(mountPoint);
    Files.createFile(
        folder.resolve("key"),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(folder.resolve("key"), HexFormat.of().formatHex(secret));
    Files.writeString(
        credentials(), "{\"AccessKeyId\":\"training\",\"AccessKeySecret\":\"training\"}");
    Path some = Files.createDirectories(plain().resolve("folder"));
    Files.writeString(some.resolve("config.json"), "{}\n".repeat(2000), StandardCharsets.UTF_8);
    Files.createSymbolicLink(some.resolve("link"), Path.of("config.json"));
    byte[] piece = new byte[1 << 20];
    try (OutputStream big = Files.newOutputStream(plain().resolve("big"))) {
      for (int done = 0; done < BIG_FILE; done += piece.length) {
        random.nextBytes(piece);
        big.write(piece);
      }
    }
  }

  /** Whether the command's own log says that it mounted, before it ended or took too long. */
  private boolean isServed(CompletableFuture<Integer> mount)
      throws IOException, InterruptedException {
    Path log = log();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOUNT_SECONDS);
    while (!mount.isDone() && System.nanoTime() < deadline) {
      if (Files.exists(log) && Files.readString(log).contains(" mounted on ")) {
        return true;
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
    return false;
  }

  private void unmount() throws IOException, InterruptedException {
    for (List<String> program :
        List.of(List.of("umount"), List.of("fusermount3", "-u"), List.of("fusermount", "-u"))) {
      String[] words = new String[program.size() + 1];
      program.toArray(words);
      words[program.size()] = mountPoint.toString();
      if (child(words) == 0) {
        return;
      }
    }
  }

  private static int child(String... words) throws InterruptedException {
    try {
      return new ProcessBuilder(words)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      return -1; // not installed
    }
  }

  private static int run(String... words) {
    return Main.run(List.of(words), new Wiring(CallerChannel.fromEnvironment(Map.of())));
  }
}
