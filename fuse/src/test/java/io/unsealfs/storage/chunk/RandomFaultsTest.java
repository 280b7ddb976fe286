package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Source;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.credentials.CredentialListener;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import io.unsealfs.storage.object.s3.S3Store;
import io.unsealfs.storage.object.server.Fault;
import io.unsealfs.storage.object.server.StoreBucket;
import io.unsealfs.storage.object.server.StoreReply;
import io.unsealfs.storage.object.server.StoreRequest;
import io.unsealfs.storage.object.server.StoreServer;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Eight readers over a server that fails all the time, in every way, and replaces its objects, with
 * a small memory and a disk cache that is damaged meanwhile: no wrong byte ever. As long as {@code
 * unsealfs.fault.seconds} says.
 *
 * <p>Of one object the server also sends forged bytes. Finding them is the business of the volume's
 * format, for which comparing stands here: like a format it distrusts what is wrong, reads once
 * more and then refuses. No other object may ever have a wrong byte.
 */
class RandomFaultsTest {
  private static final int MIB = 1 << 20;
  private static final int OBJECTS = 4;
  private static final String FORGED = "object 0";
  private static final String LARGEST = "object 3";

  /** One version of an object, as it was listed. */
  private static final class Shown {
    final ObjectVersion version;
    final byte[] bytes;

    Shown(ObjectVersion version, byte[] bytes) {
      this.version = version;
      this.bytes = bytes;
    }
  }

  @TempDir Path directory;

  private final Map<String, Shown> shown = new ConcurrentHashMap<>();
  private final AtomicLong served = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong stale = new AtomicLong();
  private final AtomicLong replaced = new AtomicLong();
  private final AtomicLong forged = new AtomicLong();
  private final CountDownLatch over = new CountDownLatch(1);

  @Test
  @Timeout(value = 1, unit = TimeUnit.HOURS) // it may be told to run for long
  void noWrongByteIsServed() throws Exception {
    long seconds = Long.getLong("unsealfs.fault.seconds", 10);
    StoreBucket bucket = new StoreBucket(StoreBucket.Dialect.S3, "models");
    ChunkSettings settings =
        ChunkSettings.defaults(1L << 32, 1L << 31)
            .withBudget(24L * MIB)
            .withRetries(
                new RetryPolicy(
                        5, Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofSeconds(20))
                    .keepingFailures(Duration.ofMillis(5)),
                Duration.ofMillis(20));
    try (StoreServer server = new StoreServer(bucket);
        ObjectStore objects = open(server);
        ChunkStore store = new ChunkStore(objects, settings);
        ExecutorService threads = Executors.newCachedThreadPool()) {
      store.attach(
          DiskCache.open(directory, new DiskLimits(20L * MIB, 0), Optional.empty(), warning -> {}));
      for (int i = 0; i < OBJECTS; i++) {
        put(bucket, objects, i, i);
      }
      server.always(this::spoil);
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
      List<Future<Void>> results = new ArrayList<>();
      for (int reader = 0; reader < 8; reader++) {
        Random random = new Random(reader);
        results.add(
            threads.submit(() -> {
              while (System.nanoTime() < end) {
                readSome(store, "object " + random.nextInt(OBJECTS), random, end);
              }
              return null;
            }));
      }
      results.add(threads.submit(() -> replaceNowAndThen(bucket, objects, end)));
      results.add(threads.submit(() -> damageNowAndThen(end)));
      try {
        for (Future<Void> result : results) {
          result.get();
        }
      } finally {
        over.countDown();
        server.always(Fault.none());
      }
      fillTheDisk(store);
      ChunkFigures figures = store.figures();
      System.out.printf(
          "served %d bytes, refused %d reads, %d stale, %d replaced, %d forged, %s%n",
          served.get(), refused.get(), stale.get(), replaced.get(), forged.get(), figures);
      assertTrue(figures.retries() > 0, figures.toString());
      assertTrue(figures.disk().hits() > 0 && figures.disk().evictions() > 0, figures.toString());
      assertTrue(figures.disk().corrupt() > 0, figures.toString());
      assertEquals(0, figures.disk().faults(), figures.toString());
      assertTrue(replaced.get() > 0 && stale.get() > 0, "replaced " + replaced);
    }
    assertTrue(served.get() > 20L * MIB, "served " + served);
  }

  private static ObjectStore open(StoreServer server) {
    StoreSettings settings =
        StoreSettings.parse(
            Map.of(
                "endpoint", server.endpoint(),
                "region", "cn-hangzhou",
                "path-style", "true",
                "request-timeout", "1s",
                "stall-timeout", "1s"));
    CredentialCache credentials =
        new CredentialCache(
            () -> StoreCredentials.of("ak", "sk", Optional.empty(), Optional.empty()),
            Clock.systemUTC(),
            CredentialListener.none());
    return S3Store.open(ObjectUri.parse("s3://models"), settings, credentials);
  }

  private void put(StoreBucket bucket, ObjectStore objects, int which, long seed)
      throws IOException {
    String key = "object " + which;
    byte[] bytes = FakeStore.bytes((1 << (2 * which)) * 700_001, seed);
    bucket.put(key, bytes);
    // as a mount does, which asks again where an answer was late
    ObjectVersion version =
        RetryPolicy.DEFAULT.repeat(() -> objects.head(key, Cancellation.none()));
    shown.put(key, new Shown(version, bytes));
  }

  /** What goes wrong with one answer of a hundred or of a thousand. */
  private void spoil(StoreRequest request, StoreReply reply) {
    if (request.isGet()) {
      fault(request).spoil(request, reply);
    }
  }

  private Fault fault(StoreRequest request) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    int some = random.nextInt(MIB);
    int which = random.nextInt(1000);
    if (request.key().equals(FORGED) && which >= 900) {
      return Fault.flip(0);
    }
    return switch (which / 10) {
      case 0 -> Fault.reset();
      case 1 -> Fault.resetAfter(some);
      case 2 -> Fault.truncateAfter(some);
      case 3 -> Fault.status(500, "InternalError");
      case 4 -> Fault.status(503, "SlowDown", Map.of("Retry-After", "0"));
      case 5 ->
          switch (which % 10) {
            case 0, 1 -> Fault.stallAfter(some, over);
            case 2 -> Fault.delay(1_500);
            case 3 -> Fault.header("ETag", "\"other\"");
            case 4 -> Fault.header("Content-Range", "bytes 0-9/10");
            case 5 -> Fault.wholeObject();
            case 6 -> Fault.status(403, "AccessDenied");
            case 7 -> Fault.status(404, "NoSuchKey");
            case 8 -> Fault.status(416, "InvalidRange");
            default -> Fault.without("ETag");
          };
      default -> Fault.none();
    };
  }

  private Void replaceNowAndThen(StoreBucket bucket, ObjectStore objects, long end)
      throws Exception {
    for (long seed = OBJECTS; System.nanoTime() < end; seed++) {
      Thread.sleep(500);
      put(bucket, objects, (int) (seed % OBJECTS), seed);
      replaced.incrementAndGet();
    }
    return null;
  }

  private Void damageNowAndThen(long end) throws Exception {
    while (System.nanoTime() < end) {
      Thread.sleep(20);
      List<Path> segments = segments();
      if (!segments.isEmpty()) {
        damage(segments.get(ThreadLocalRandom.current().nextInt(segments.size())));
      }
    }
    return null;
  }

  private List<Path> segments() {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(file -> file.getFileName().toString().matches("[0-9a-f]{8}")).toList();
    } catch (IOException | UncheckedIOException e) {
      // one that was there a moment ago was evicted
      return List.of();
    }
  }

  /** A flipped bit, an end that is missing, or nothing of it left. */
  private static void damage(Path segment) throws IOException {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    try (var file = new RandomAccessFile(existing(segment), "rw")) {
      long at = random.nextLong(Math.max(1, file.length()));
      switch (random.nextInt(3)) {
        case 0 -> file.setLength(at);
        case 1 -> file.write(new byte[(int) Math.min(5000, at)]);
        default -> {
          file.seek(at);
          int old = file.read();
          file.seek(at);
          file.write(old ^ 1);
        }
      }
    } catch (FileNotFoundException e) {
      // evicted a moment ago
      return;
    }
  }

  private static File existing(Path segment) throws FileNotFoundException {
    if (!Files.exists(segment)) {
      throw new FileNotFoundException(segment.toString());
    }
    return segment.toFile();
  }

  /**
   * The largest object front to back, which is more than the disk cache may hold, with damage in
   * between: on a slow machine the readers before perhaps completed too few segments for anything
   * to be evicted, or met none that was damaged.
   */
  private void fillTheDisk(ChunkStore store) throws IOException {
    for (int pass = 0; pass < 20; pass++) {
      ChunkFigures.DiskFigures disk = store.figures().disk();
      if (disk.evictions() > 0 && disk.corrupt() > 0 && disk.hits() > 0) {
        return;
      }
      for (Path segment : segments().stream().limit(1).toList()) {
        damage(segment);
      }
      store.admit(this::isShown);
      Shown now = now(LARGEST);
      try (Source source = store.open(now.version)) {
        for (int offset = 0; offset < now.bytes.length; ) {
          offset += readOne(source, now, offset, MIB);
        }
      }
    }
  }

  private Shown now(String key) {
    Shown now = shown.get(key);
    if (now == null) {
      throw new IllegalStateException(key);
    }
    return now;
  }

  private boolean isShown(ObjectVersion version) {
    return now(version.key()).version.equals(version);
  }

  private void readSome(ChunkStore store, String key, Random random, long end) {
    Shown now = now(key);
    try (Source source = store.open(now.version)) {
      int offset = random.nextInt(now.bytes.length);
      boolean sequential = random.nextInt(3) == 0;
      for (int i = 0; i < 40 && System.nanoTime() < end; i++) {
        int got = 0;
        try {
          got = readOne(source, now, offset, 1 + random.nextInt(300_000));
        } catch (StaleSourceException e) {
          throw e;
        } catch (IOException e) {
          refused.incrementAndGet();
        }
        served.addAndGet(got);
        offset = sequential ? offset + got : random.nextInt(now.bytes.length);
        offset = offset >= now.bytes.length ? 0 : offset;
      }
    } catch (StaleSourceException e) {
      // a refresh: what the server only pretended to have replaced is opened again
      stale.incrementAndGet();
      store.admit(this::isShown);
    } catch (IOException e) {
      refused.incrementAndGet();
    }
  }

  /** Bytes read, all of them right. */
  private int readOne(Source source, Shown now, int offset, int length) throws IOException {
    byte[] bytes = new byte[length];
    int got = source.read(offset, ByteBuffer.wrap(bytes));
    assertEquals(Math.min(length, now.bytes.length - offset), got, "a short read");
    if (!isRight(now, offset, bytes, got)) {
      assertEquals(FORGED, now.version.key(), "wrong bytes");
      forged.incrementAndGet();
      boolean again = source.distrust(offset, got);
      if (!again
          || source.read(offset, ByteBuffer.wrap(bytes)) != got
          || !isRight(now, offset, bytes, got)) {
        throw new IOException("not authentic");
      }
    }
    return got;
  }

  private static boolean isRight(Shown now, int offset, byte[] bytes, int got) {
    return Arrays.equals(now.bytes, offset, offset + got, bytes, 0, got);
  }
}
