package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.mount.Errno;
import io.unsealfs.mount.Operation;
import io.unsealfs.storage.NodeKind;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.credentials.CredentialListener;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import io.unsealfs.storage.object.oss.OssStore;
import io.unsealfs.storage.object.s3.S3Store;
import io.unsealfs.storage.object.server.Fault;
import io.unsealfs.storage.object.server.StoreBucket;
import io.unsealfs.storage.object.server.StoreRequest;
import io.unsealfs.storage.object.server.StoreServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The fault table (object-storage.md section 5), row by row, from the socket of a store up to the
 * errno of the mount: what is injected, what the reader gets, how often the store was asked, and
 * how many bytes it sent. Requests that are doubled, signals and faults of the disk are in the
 * tests of the chunk store and the disk cache.
 */
@Timeout(120)
class FaultTableTest {
  private static final int SIZE = 20 << 20;
  private static final int OFFSET = 5 << 20;
  private static final int LENGTH = 100_000;

  /** What a read that continues nothing fetches. */
  private static final int FETCHED = 1 << 20;

  /** Sent by the server before it breaks off in the middle. */
  private static final int BROKEN_OFF = 70_000;

  /** A document that says what is wrong has fewer bytes. */
  private static final int DOCUMENT = 500;

  private static final int TRIES = 5;
  private static final int OK = 0;
  private static final byte[] CONTENT = content();
  private static final RetryPolicy QUICK =
      new RetryPolicy(TRIES, Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofSeconds(60));
  private static final ChunkSettings SETTINGS =
      ChunkSettings.defaults(1L << 32, 1L << 31).withRetries(QUICK, Duration.ofHours(1));

  /**
   * What a server does with the requests for bytes, from the first on.
   *
   * @param lostBytes of bodies that the server sends for nothing, at most
   */
  record Row(
      String event,
      List<Fault> faults,
      int errno,
      int requests,
      long lostBytes,
      Map<String, String> limits) {
    static Row of(String event, int errno, int requests, Fault... faults) {
      return new Row(event, List.of(faults), errno, requests, (long) requests * DOCUMENT, Map.of());
    }

    /** As often as it is asked. */
    static Row always(String event, int errno, int requests, Fault fault) {
      Fault[] all = new Fault[2 * TRIES];
      Arrays.fill(all, fault);
      return of(event, errno, requests, all);
    }

    /** The server may send so much more. */
    Row losing(long bytes) {
      return new Row(event, faults, errno, requests, lostBytes + bytes, limits);
    }

    /** This row is about a limit that ends soon; on a busy machine others may be slow too. */
    Row soon(String limit) {
      return new Row(event, faults, errno, requests, lostBytes, Map.of(limit, "3s"));
    }

    /** Bytes that come of the object. */
    long useful() {
      return errno == OK ? FETCHED : 0;
    }

    @Override
    public String toString() {
      return event;
    }
  }

  private static byte[] content() {
    byte[] bytes = new byte[SIZE];
    new Random(3).nextBytes(bytes);
    return bytes;
  }

  private static List<Row> rows() {
    Map<String, String> now = Map.of("Retry-After", "0");
    return List.of(
        Row.of("reset once", OK, 2, Fault.reset()),
        Row.always("reset always", Errno.EIO, TRIES, Fault.reset()),
        Row.of("408", OK, 2, Fault.status(408, "RequestTimeout")),
        Row.of("429", OK, 2, Fault.status(429, "TooManyRequests", now)),
        Row.of("500", OK, 2, Fault.status(500, "InternalError")),
        Row.of("502", OK, 2, Fault.status(502, "BadGateway")),
        Row.of("503", OK, 2, Fault.status(503, "SlowDown", now)),
        Row.of("504", OK, 2, Fault.status(504, "GatewayTimeout")),
        Row.always("500 always", Errno.EIO, TRIES, Fault.status(500, "InternalError")),
        Row.always("503 always", Errno.EIO, TRIES, Fault.status(503, "SlowDown", now)),
        Row.always(
            "asked to wait past the deadline",
            Errno.EIO,
            1,
            Fault.status(503, "SlowDown", Map.of("Retry-After", "120"))),
        Row.of("truncated", OK, 2, Fault.truncateAfter(BROKEN_OFF)),
        // what was on its way when the connection was reset is sent again
        Row.of("reset in the middle", OK, 2, Fault.resetAfter(BROKEN_OFF)).losing(BROKEN_OFF),
        Row.of("stall", OK, 2, Fault.stallAfter(BROKEN_OFF, new CountDownLatch(1)))
            .soon("stall-timeout"),
        // longer than the test, which ends it
        Row.of("no answer in time", OK, 2, Fault.delay(100_000)).soon("request-timeout"),
        Row.of("412", Errno.ESTALE, 1, Fault.status(412, "PreconditionFailed")),
        Row.of("another ETag", Errno.ESTALE, 1, Fault.header("ETag", "\"other\"")).losing(FETCHED),
        Row.of(
                "another total size",
                Errno.ESTALE,
                1,
                Fault.header("Content-Range", range(OFFSET, FETCHED, SIZE + 1)))
            .losing(FETCHED),
        Row.of("404", Errno.ESTALE, 1, Fault.status(404, "NoSuchKey")),
        Row.of("expired token once", OK, 2, Fault.status(403, "ExpiredToken")),
        Row.always("expired for ever", Errno.EACCES, 2, Fault.status(403, "ExpiredToken")),
        Row.of("401 expired token once", OK, 2, Fault.status(401, "ExpiredToken")),
        Row.of("invalid token once", OK, 2, Fault.status(403, "InvalidToken")),
        Row.always("401 expired for ever", Errno.EACCES, 2, Fault.status(401, "ExpiredToken")),
        Row.always("401", Errno.EACCES, 1, Fault.status(401, "AccessDenied")),
        Row.always("403", Errno.EACCES, 1, Fault.status(403, "AccessDenied")),
        Row.always("archived", Errno.EIO, 1, Fault.status(403, "InvalidObjectState")),
        // the connection is cut: not all of it can be sent
        Row.of("200 for a part once", OK, 2, Fault.wholeObject()).losing(SIZE - FETCHED),
        Row.always("200 for a part", Errno.EIO, 2, Fault.wholeObject()).losing(2L * SIZE - FETCHED),
        Row.always("another range", Errno.EIO, 2, Fault.header("Content-Range", range(0, 10, SIZE)))
            .losing(2 * FETCHED),
        Row.always("416", Errno.EIO, 2, Fault.status(416, "InvalidRange")));
  }

  private static String range(int from, int length, int total) {
    return "bytes " + from + "-" + (from + length - 1) + "/" + total;
  }

  static Stream<Arguments> cases() {
    return rows().stream()
        .flatMap(row ->
            Stream.of(StoreBucket.Dialect.values()).map(dialect -> Arguments.of(dialect, row)));
  }

  private static ObjectStore open(
      StoreServer server, StoreBucket.Dialect dialect, Map<String, String> limits) {
    Map<String, String> options = new HashMap<>(limits);
    options.putAll(
        Map.of("endpoint", server.endpoint(), "region", "cn-hangzhou", "path-style", "true"));
    StoreSettings settings = StoreSettings.parse(options);
    AtomicInteger fetches = new AtomicInteger();
    CredentialCache credentials =
        new CredentialCache(
            () ->
                StoreCredentials.of(
                    "ak" + fetches.incrementAndGet(), "sk", Optional.of("tok"), Optional.empty()),
            Clock.systemUTC(),
            CredentialListener.none());
    return dialect == StoreBucket.Dialect.S3
        ? S3Store.open(ObjectUri.parse("s3://models"), settings, credentials)
        : OssStore.open(ObjectUri.parse("oss://models"), settings, credentials);
  }

  /** One read of a mount: 0, or the errno. */
  private static int read(Source source, ByteBuffer dst) {
    try {
      assertEquals(LENGTH, source.read(OFFSET, dst));
      return OK;
    } catch (IOException e) {
      return Errno.of(Operation.READ, NodeKind.FILE, e);
    }
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("cases")
  void theReaderGetsTheBytesOrTheErrnoOfTheTable(StoreBucket.Dialect dialect, Row row)
      throws IOException {
    StoreBucket bucket = new StoreBucket(dialect, "models");
    bucket.put("a", CONTENT);
    try (StoreServer server = new StoreServer(bucket);
        ObjectStore store = open(server, dialect, row.limits());
        ChunkStore chunks = new ChunkStore(store, SETTINGS)) {
      ObjectVersion version = store.head("a", Cancellation.none());
      server.next(StoreRequest::isGet, row.faults().toArray(Fault[]::new));
      try (Source source = chunks.open(version)) {
        ByteBuffer dst = ByteBuffer.allocate(LENGTH);
        assertEquals(row.errno(), read(source, dst));
        if (row.errno() == OK) {
          assertArrayEquals(Arrays.copyOfRange(CONTENT, OFFSET, OFFSET + LENGTH), dst.array());
        } else {
          assertEquals(0, dst.position(), "nothing of the buffer may be used");
        }
        assertEquals(row.requests(), server.traffic().gets());
      }
      if (row.errno() == Errno.ESTALE) {
        IOException stale = assertThrows(IOException.class, () -> chunks.open(version));
        assertEquals(Errno.ESTALE, Errno.of(Operation.OPEN, NodeKind.FILE, stale), stale::toString);
        assertEquals(1, server.traffic().gets(), "what is stale is not asked for again");
      }
      until(() -> chunks.figures().inFlight() == 0);
      assertEquals(row.useful(), chunks.figures().demandBytes(), "what came");
      long sent = server.traffic().bodyBytes();
      assertTrue(sent <= row.useful() + row.lostBytes(), "the server sent " + sent);
    }
  }

  @ParameterizedTest
  @EnumSource(StoreBucket.Dialect.class)
  void aStoreThatDoesNotTakeConnectionsIsTriedFiveTimes(StoreBucket.Dialect dialect)
      throws IOException {
    StoreBucket bucket = new StoreBucket(dialect, "models");
    bucket.put("a", CONTENT);
    StoreServer server = new StoreServer(bucket);
    try (ObjectStore store = open(server, dialect, Map.of());
        ChunkStore chunks = new ChunkStore(store, SETTINGS)) {
      ObjectVersion version = store.head("a", Cancellation.none());
      server.close();
      try (Source source = chunks.open(version)) {
        ByteBuffer dst = ByteBuffer.allocate(LENGTH);
        assertEquals(Errno.EIO, read(source, dst));
        assertEquals(0, dst.position());
      }
      assertEquals(TRIES, chunks.figures().requests());
      assertEquals(0, chunks.figures().demandBytes());
      assertEquals(0, server.traffic().gets());
    } finally {
      server.close();
    }
  }

  private static void until(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "waited for nothing");
      LockSupport.parkNanos(1_000_000);
    }
  }
}
