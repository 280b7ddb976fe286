package io.unsealfs.storage.object;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.credentials.CredentialFetcher;
import io.unsealfs.storage.object.credentials.CredentialListener;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import io.unsealfs.storage.object.server.Fault;
import io.unsealfs.storage.object.server.StoreBucket;
import io.unsealfs.storage.object.server.StoreRequest;
import io.unsealfs.storage.object.server.StoreServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What holds for every store: the answers of a sound one, and each row of the fault table that a
 * source sees. Over real HTTP on loopback.
 */
public abstract class ObjectStoreContract {
  protected static final String BUCKET = "models";
  private static final Cancellation NEVER = Cancellation.none();

  private final byte[] content = new byte[300_000];
  private final AtomicInteger fetches = new AtomicInteger();
  private StoreServer server;
  private ObjectStore store;

  /** Which store the server plays. */
  protected abstract StoreBucket.Dialect dialect();

  /** The store that is tested. */
  protected abstract ObjectStore open(
      ObjectUri uri, StoreSettings settings, CredentialCache credentials);

  protected final StoreServer server() {
    return server;
  }

  @BeforeEach
  void start() {
    server = new StoreServer(new StoreBucket(dialect(), BUCKET));
    store = open(Map.of());
    new Random(7).nextBytes(content);
    server.bucket().put("tree/a.bin", content);
  }

  @AfterEach
  void stop() throws IOException {
    store.close();
    server.close();
  }

  /** A store whose credentials are another each time they are fetched. */
  protected final ObjectStore open(Map<String, String> more) {
    Map<String, String> settings =
        new HashMap<>(
            Map.of("endpoint", server.endpoint(), "region", "cn-hangzhou", "path-style", "true"));
    settings.putAll(more);
    CredentialFetcher fetcher =
        () -> {
          int number = fetches.incrementAndGet();
          return StoreCredentials.of(
              "ak" + number, "sk", Optional.of("tok" + number), Optional.empty());
        };
    return open(
        ObjectUri.parse(
            (dialect() == StoreBucket.Dialect.S3 ? "s3://" : "oss://") + BUCKET + "/tree"),
        StoreSettings.parse(settings),
        new CredentialCache(fetcher, Clock.systemUTC(), CredentialListener.none()));
  }

  private ObjectVersion version() throws IOException {
    return store.head("tree/a.bin", NEVER);
  }

  private byte[] read(ObjectVersion version, int offset, int length) throws IOException {
    byte[] ciphertext = new byte[length];
    Fetched fetched =
        store.get(version, offset, length, RangeSink.into(ByteBuffer.wrap(ciphertext)), NEVER);
    assertTrue(fetched.firstByteNanos() <= fetched.totalNanos());
    return ciphertext;
  }

  private byte[] expected(int offset, int length) {
    return Arrays.copyOfRange(content, offset, offset + length);
  }

  // ---- a sound store

  @Test
  void aHeadTellsSizeTagAndTime() throws IOException {
    ObjectVersion version = version();
    assertEquals(content.length, version.size());
    assertEquals(Optional.of(server.bucket().etag("tree/a.bin")), version.etag());
    assertTrue(Math.abs(version.modifiedMillis() - System.currentTimeMillis()) < 600_000);
    assertFalse(version.archived());
  }

  @ParameterizedTest
  @CsvSource({"0,1", "0,300000", "299999,1", "1,299999", "131072,132096"})
  void everyRangeIsExactAndPinned(int offset, int length) throws IOException {
    ObjectVersion version = version();
    server.traffic().reset();
    assertArrayEquals(expected(offset, length), read(version, offset, length));
    assertEquals(1, server.traffic().gets());
    assertEquals(length, server.traffic().bodyBytes());
    StoreRequest request = server.traffic().requests().getFirst();
    assertEquals(
        "\"" + server.bucket().etag("tree/a.bin") + "\"", request.headers().get("if-match"));
    assertEquals("bytes=" + offset + "-" + (offset + length - 1), request.headers().get("range"));
  }

  @Test
  void whoKnowsTheContentIsHeldToTheSizeAndToNoVersion() throws IOException {
    ObjectVersion any = ObjectVersion.anyOf("tree/a.bin", content.length);
    server.traffic().reset();
    assertArrayEquals(expected(10, 100), read(any, 10, 100));
    server.bucket().put("tree/a.bin", content);
    assertArrayEquals(expected(10, 100), read(any, 10, 100));
    for (StoreRequest request : server.traffic().requests()) {
      assertFalse(request.headers().containsKey("if-match"), request::toString);
      assertFalse(request.headers().containsKey("if-unmodified-since"), request::toString);
    }
    server.bucket().put("tree/a.bin", new byte[content.length + 1]);
    assertThrows(ObjectChangedException.class, () -> read(any, 10, 100));
  }

  @Test
  void whoTakesTheBytesMayEndTheRead() throws IOException {
    ObjectVersion version = version();
    IOException refusal = new IOException("not these");
    RangeSink sink =
        new RangeSink() {
          @Override
          public ByteBuffer room() {
            return ByteBuffer.allocate(1000);
          }

          @Override
          public void arrived(int count) throws IOException {
            throw refusal;
          }
        };
    assertSame(
        refusal,
        assertThrows(IOException.class, () -> store.get(version, 0, content.length, sink, NEVER)));
    assertArrayEquals(expected(10, 100), read(version, 10, 100));
  }

  @Test
  void oneReadFillsSeveralArrays() throws IOException {
    List<byte[]> chunks = new ArrayList<>();
    AtomicInteger arrived = new AtomicInteger();
    RangeSink sink =
        new RangeSink() {
          private ByteBuffer room = ByteBuffer.allocate(0);

          @Override
          public ByteBuffer room() {
            if (!room.hasRemaining()) {
              byte[] chunk = new byte[70_000];
              chunks.add(chunk);
              room = ByteBuffer.wrap(chunk);
            }
            return room;
          }

          @Override
          public void arrived(int count) {
            arrived.addAndGet(count);
          }
        };
    store.get(version(), 10, 200_000, sink, NEVER);
    assertEquals(200_000, arrived.get());
    byte[] joined = new byte[210_000];
    for (int i = 0; i < 3; i++) {
      System.arraycopy(chunks.get(i), 0, joined, i * 70_000, 70_000);
    }
    assertArrayEquals(expected(10, 200_000), Arrays.copyOf(joined, 200_000));
  }

  @Test
  void readsOneAfterAnotherShareAConnection() throws IOException {
    ObjectVersion version = version();
    for (int i = 0; i < 5; i++) {
      read(version, i * 1000, 1000);
    }
    assertEquals(1, server.traffic().connections());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tree/a b.bin",
        "tree/a+b",
        "tree/100%25",
        "tree/ü/模型.bin",
        "tree/&<>\"'",
        "tree/?x=1#y",
        "tree/~_-.*()"
      })
  void keysWithAnyCharactersAreListedAndRead(String key) throws IOException {
    server.bucket().put(key, new byte[] {1, 2, 3});
    ObjectVersion version = store.head(key, NEVER);
    assertArrayEquals(new byte[] {2, 3}, read(version, 1, 2));
    List<String> paths = new ArrayList<>();
    walk("tree/", paths, new ArrayList<>(), 100);
    assertTrue(paths.contains(key.substring("tree/".length())), paths::toString);
  }

  @Test
  void aListingOf2500KeysComesInPages() throws IOException {
    for (int i = 0; i < 2500; i++) {
      server.bucket().put("many/d" + i % 7 + "/k" + i, new byte[] {1});
    }
    server.traffic().reset();
    List<String> paths = new ArrayList<>();
    walk("many/", paths, new ArrayList<>(), 100_000);
    assertEquals(2500, paths.size());
    assertEquals(3, server.traffic().lists());
    assertTrue(paths.contains("d6/k2498"));
    ObjectPage level = store.list("many/", ListDepth.ONE_LEVEL, Optional.empty(), NEVER);
    assertEquals("many/d0/", level.prefixes().getFirst());
  }

  @Test
  void aLongListingInPartsIsTheSame() throws IOException {
    List<String> directories = List.of("a b", "c+d", "e%20f", "\u00fc", "\u6a21\u578b", "plain");
    TreeSet<String> expected = new TreeSet<>();
    for (int i = 0; i < 600; i++) {
      String path = directories.get(i % directories.size()) + "/k" + i;
      server.bucket().put("parts/" + path, new byte[] {1});
      expected.add(path);
    }
    server.bucket().pageObjects(20);
    server.traffic().reset();
    List<String> paths = new ArrayList<>();
    List<KeyFault> faults = new ArrayList<>();
    walk("parts/", paths, faults, 100_000);
    assertEquals(List.of(), faults);
    assertEquals(600, paths.size());
    assertEquals(expected, new TreeSet<>(paths));
    long levels =
        server.traffic().requests().stream()
            .filter(request -> "/".equals(request.query().get("delimiter")))
            .count();
    assertEquals(1, levels, "the listing was cut");
    assertTrue(server.traffic().lists() <= 10 + 1 + 36, server.traffic().lists() + " requests");
  }

  @Test
  void anEmptyObjectAndAnEmptyListingAreFine() throws IOException {
    server.bucket().put("tree/empty", new byte[0]);
    assertEquals(0, store.head("tree/empty", NEVER).size());
    ObjectPage page = store.list("nothing/", ListDepth.ALL, Optional.empty(), NEVER);
    assertEquals(new ObjectPage(List.of(), List.of(), 0, Optional.empty()), page);
  }

  private void walk(String prefix, List<String> paths, List<KeyFault> faults, long most)
      throws IOException {
    ObjectListing.walk(
        store,
        prefix,
        most,
        new ListingVisitor() {
          @Override
          public void object(String path, ObjectVersion version) {
            paths.add(path);
          }

          @Override
          public void skipped(KeyFault fault, String shownKey) {
            faults.add(fault);
          }
        },
        NEVER);
  }

  // ---- the fault table

  @ParameterizedTest
  @ValueSource(ints = {429, 503})
  void tooMuchAtATimeIsThrottlingWithItsTime(int status) throws IOException {
    ObjectVersion version = version();
    server.traffic().reset();
    server.next(StoreRequest::isGet, Fault.status(status, "SlowDown", Map.of("Retry-After", "7")));
    ThrottledException e = assertThrows(ThrottledException.class, () -> read(version, 0, 10));
    assertEquals(7000, e.retryAfterMillis());
    assertEquals(1, server.traffic().gets());
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 500, 502, 504, 599})
  void aStoreThatFailsIsUnavailable(int status) throws IOException {
    ObjectVersion version = version();
    server.traffic().reset();
    server.next(StoreRequest::isGet, Fault.status(status, "InternalError"));
    assertThrows(StoreUnavailableException.class, () -> read(version, 0, 10));
    assertEquals(1, server.traffic().gets());
  }

  @Test
  void aResetIsUnavailableAndTheNextReadWorks() throws IOException {
    ObjectVersion version = version();
    server.next(StoreRequest::isGet, Fault.reset());
    assertThrows(StoreUnavailableException.class, () -> read(version, 0, 10));
    assertArrayEquals(expected(0, 10), read(version, 0, 10));
  }

  @Test
  void aStoreThatIsNotThereIsUnavailable() throws IOException {
    ObjectVersion version = version();
    server.close();
    assertThrows(StoreUnavailableException.class, () -> read(version, 0, 10));
  }

  @Test
  void whatCameBeforeATruncationCounts() throws IOException {
    ObjectVersion version = version();
    server.next(StoreRequest::isGet, Fault.truncateAfter(70_000));
    ByteBuffer ciphertext = ByteBuffer.allocate(200_000);
    assertThrows(
        TruncatedObjectException.class,
        () -> store.get(version, 1000, 200_000, RangeSink.into(ciphertext), NEVER));
    assertEquals(70_000, ciphertext.position());
    store.get(version, 71_000, 130_000, RangeSink.into(ciphertext), NEVER);
    assertArrayEquals(expected(1000, 200_000), ciphertext.array());
  }

  @Test
  void aResetInTheMiddleLeavesOnlyRightBytes() throws IOException {
    ObjectVersion version = version();
    server.next(StoreRequest::isGet, Fault.resetAfter(70_000));
    ByteBuffer ciphertext = ByteBuffer.allocate(200_000);
    assertThrows(
        TransientStoreException.class,
        () -> store.get(version, 0, 200_000, RangeSink.into(ciphertext), NEVER));
    assertArrayEquals(
        expected(0, ciphertext.position()),
        Arrays.copyOf(ciphertext.array(), ciphertext.position()));
  }

  @Test
  void aStallEndsWithTheStallTimeout() throws Exception {
    try (ObjectStore quick = open(Map.of("stall-timeout", "300ms"))) {
      ObjectVersion version = quick.head("tree/a.bin", NEVER);
      CountDownLatch release = new CountDownLatch(1);
      server.next(StoreRequest::isGet, Fault.stallAfter(5000, release));
      ByteBuffer ciphertext = ByteBuffer.allocate(200_000);
      StoreUnavailableException e =
          assertThrows(
              StoreUnavailableException.class,
              () -> quick.get(version, 0, 200_000, RangeSink.into(ciphertext), NEVER));
      assertTrue(String.valueOf(e.getMessage()).contains("stalled"), e::getMessage);
      assertEquals(5000, ciphertext.position());
      release.countDown();
    }
  }

  @Test
  void aTrickleIsAStall() throws Exception {
    try (ObjectStore quick = open(Map.of("stall-timeout", "400ms"))) {
      ObjectVersion version = quick.head("tree/a.bin", NEVER);
      server.next(StoreRequest::isGet, Fault.speed(500));
      assertThrows(
          StoreUnavailableException.class,
          () ->
              quick.get(version, 0, 200_000, RangeSink.into(ByteBuffer.allocate(200_000)), NEVER));
    }
  }

  @Test
  void anAnswerThatDoesNotBeginIsUnavailable() throws Exception {
    try (ObjectStore quick = open(Map.of("request-timeout", "300ms", "connect-timeout", "100ms"))) {
      server.next(StoreRequest::isHead, Fault.delay(30_000));
      assertThrows(StoreUnavailableException.class, () -> quick.head("tree/a.bin", NEVER));
    }
  }

  @Test
  void aReplacedObjectHasChanged() throws IOException {
    ObjectVersion version = version();
    server.bucket().put("tree/a.bin", new byte[content.length]);
    server.traffic().reset();
    assertThrows(ObjectChangedException.class, () -> read(version, 0, 10));
    assertEquals(1, server.traffic().gets());
  }

  @Test
  void aCacheThatIgnoresIfMatchIsFoundOut() throws IOException {
    ObjectVersion version = version();
    server.next(StoreRequest::isGet, Fault.header("ETag", "\"other\""));
    assertThrows(ObjectChangedException.class, () -> read(version, 0, 10));
    server.next(StoreRequest::isGet, Fault.header("Content-Range", "bytes 0-9/300001"));
    assertThrows(ObjectChangedException.class, () -> read(version, 0, 10));
  }

  @Test
  void anObjectThatIsGoneIsNotFound() throws IOException {
    ObjectVersion version = version();
    server.bucket().remove("tree/a.bin");
    assertThrows(ObjectNotFoundException.class, () -> read(version, 0, 10));
    assertThrows(ObjectNotFoundException.class, () -> store.head("tree/a.bin", NEVER));
  }

  @Test
  void expiredCredentialsAreFetchedOnceAgain() throws IOException {
    ObjectVersion version = version();
    int before = fetches.get();
    server.traffic().reset();
    server.next(StoreRequest::isGet, Fault.status(403, "SecurityTokenExpired"));
    assertArrayEquals(expected(5, 10), read(version, 5, 10));
    assertEquals(before + 1, fetches.get());
    assertEquals(2, server.traffic().gets());
  }

  @Test
  void credentialsThatStayExpiredAreDenied() throws IOException {
    ObjectVersion version = version();
    int before = fetches.get();
    server.always(Fault.status(400, "ExpiredToken"));
    StoreDeniedException e = assertThrows(StoreDeniedException.class, () -> read(version, 0, 10));
    assertEquals(before + 1, fetches.get());
    assertFalse(String.valueOf(e.getMessage()).contains("tok"), e::getMessage);
    assertFalse(String.valueOf(e.getMessage()).contains("sk"), e::getMessage);
  }

  @Test
  void tokensThatExpireUnderLoadAreReplacedOnceEach() throws Exception {
    ObjectVersion version = version();
    int first = fetches.get();
    AtomicInteger valid = new AtomicInteger(first);
    String header =
        dialect() == StoreBucket.Dialect.S3 ? "x-amz-security-token" : "x-oss-security-token";
    server.gate(request ->
        request.headers().getOrDefault(header, "").equals("tok" + valid.get())
            ? null
            : Fault.status(403, "SecurityTokenExpired"));
    int rounds = 5;
    int readers = 8;
    Phaser round = new Phaser(readers + 1);
    List<CompletableFuture<Void>> reading = new ArrayList<>();
    for (int r = 0; r < readers; r++) {
      int reader = r;
      reading.add(
          CompletableFuture.runAsync(
              () -> {
                try {
                  for (int i = 0; i < rounds; i++) {
                    round.arriveAndAwaitAdvance();
                    for (int n = 0; n < 5; n++) {
                      int offset = reader * 30_000 + n * 1000;
                      assertArrayEquals(expected(offset, 1000), read(version, offset, 1000));
                    }
                    round.arriveAndAwaitAdvance();
                  }
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                } finally {
                  round.arriveAndDeregister();
                }
              },
              task -> Thread.ofVirtual().start(task)));
    }
    for (int i = 0; i < rounds; i++) {
      if (i > 0) {
        valid.incrementAndGet();
      }
      round.arriveAndAwaitAdvance();
      round.arriveAndAwaitAdvance();
    }
    for (CompletableFuture<Void> reader : reading) {
      reader.get(60, TimeUnit.SECONDS);
    }
    assertEquals(first + rounds - 1, fetches.get());
  }

  @Test
  void anAnswerThatHasBegunMayPauseForLongerThanOneMayTakeToBegin() throws Exception {
    ObjectVersion version = version();
    CountDownLatch release = new CountDownLatch(1);
    server.next(StoreRequest::isGet, Fault.stallAfter(10, release));
    try (ObjectStore patient = open(Map.of("request-timeout", "3s", "stall-timeout", "10m"))) {
      ByteBuffer room = ByteBuffer.allocate(1000);
      CompletableFuture<Void> reading =
          CompletableFuture.runAsync(
              () -> {
                try {
                  patient.get(version, 0, 1000, RangeSink.into(room), NEVER);
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              },
              task -> Thread.ofVirtual().start(task));
      TimeUnit.MILLISECONDS.sleep(4500);
      release.countDown();
      reading.get(60, TimeUnit.SECONDS);
      assertArrayEquals(expected(0, 1000), room.array());
    }
  }

  @Test
  void aRefusalIsNotRepeated() throws IOException {
    ObjectVersion version = version();
    server.traffic().reset();
    server.next(StoreRequest::isGet, Fault.status(403, "AccessDenied"));
    StoreDeniedException e = assertThrows(StoreDeniedException.class, () -> read(version, 0, 10));
    assertEquals(1, server.traffic().gets());
    assertTrue(String.valueOf(e.getMessage()).contains("AccessDenied"), e::getMessage);
    assertTrue(String.valueOf(e.getMessage()).contains(BUCKET), e::getMessage);
    assertTrue(String.valueOf(e.getMessage()).contains(server.endpoint()), e::getMessage);
  }

  @Test
  void anArchivedObjectSaysSo() throws IOException {
    ObjectVersion version = version();
    server.next(StoreRequest::isGet, Fault.status(403, "InvalidObjectState"));
    assertThrows(ObjectArchivedException.class, () -> read(version, 0, 10));
  }

  @Test
  void theWholeObjectForARangeIsAskedForOnceMore() throws IOException {
    ObjectVersion version = version();
    server.traffic().reset();
    server.next(StoreRequest::isGet, Fault.wholeObject());
    assertArrayEquals(expected(7, 100), read(version, 7, 100));
    assertEquals(2, server.traffic().gets());
    server.next(StoreRequest::isGet, Fault.wholeObject(), Fault.wholeObject());
    assertThrows(StoreProtocolException.class, () -> read(version, 7, 100));
    assertEquals(4, server.traffic().gets());
  }

  @Test
  void theWholeObjectIsFineWhereItWasAskedFor() throws IOException {
    server.next(StoreRequest::isGet, Fault.wholeObject());
    assertArrayEquals(content, read(version(), 0, content.length));
    server.next(StoreRequest::isGet, Fault.header("Content-Range", "bytes 0-299999/300000"));
    assertArrayEquals(content, read(version(), 0, content.length));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bytes 1-10/300000",
        "bytes 0-8/300000",
        "bytes 0-9/*",
        "bytes 0-9",
        "",
        "bytes 0-9/99999999999999999999999",
        "bytes -1-9/300000"
      })
  void anotherRangeThanAskedForIsAFaultOfTheProtocol(String contentRange) throws IOException {
    ObjectVersion version = version();
    Fault wrong = Fault.header("Content-Range", contentRange);
    server.next(StoreRequest::isGet, wrong, wrong);
    assertThrows(StoreProtocolException.class, () -> read(version, 0, 10));
    assertArrayEquals(expected(0, 10), read(version, 0, 10));
  }

  @Test
  void aRangeThatTheStoreRefusesIsAFaultOfTheProtocol() throws IOException {
    ObjectVersion version = version();
    Fault refused = Fault.status(416, "InvalidRange");
    server.next(StoreRequest::isGet, refused, refused);
    assertThrows(StoreProtocolException.class, () -> read(version, 0, 10));
  }

  @Test
  void aMissingTagOrLengthIsAFaultOfTheProtocol() throws IOException {
    ObjectVersion version = version();
    server.next(StoreRequest::isGet, Fault.without("ETag"), Fault.without("ETag"));
    assertThrows(StoreProtocolException.class, () -> read(version, 0, 10));
  }

  @Test
  void withoutATagSizeAndTimePinTheVersion() throws IOException {
    server.next(StoreRequest::isHead, Fault.without("ETag"));
    ObjectVersion version = version();
    assertEquals(Optional.empty(), version.etag());
    server.traffic().reset();
    assertArrayEquals(expected(0, 10), read(version, 0, 10));
    assertEquals(
        RangeAnswer.time(version.modifiedMillis()),
        server.traffic().requests().getFirst().headers().get("if-unmodified-since"));
    server.next(
        StoreRequest::isGet, Fault.header("Last-Modified", "Tue, 01 Jan 2019 00:00:00 GMT"));
    assertThrows(ObjectChangedException.class, () -> read(version, 0, 10));
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 307, 308})
  void noRedirectIsFollowed(int status) throws IOException {
    try (StoreServer other = new StoreServer(new StoreBucket(dialect(), BUCKET))) {
      ObjectVersion version = version();
      server.next(
          StoreRequest::isGet,
          Fault.status(
              status, "PermanentRedirect", Map.of("Location", other.endpoint() + "/models/x")));
      assertThrows(StoreRequestException.class, () -> read(version, 0, 10));
      assertEquals(0, other.traffic().connections());
    }
  }

  @Test
  void aWrongClockIsCorrectedOnceByTheStores() throws IOException {
    ObjectVersion version = version();
    Instant there = Instant.now().plusSeconds(7 * 86400);
    String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(there.atOffset(ZoneOffset.UTC));
    server.traffic().reset();
    server.next(
        StoreRequest::isGet, Fault.status(403, "RequestTimeTooSkewed", Map.of("Date", date)));
    assertArrayEquals(expected(0, 10), read(version, 0, 10));
    assertSecondIsSigned(there);
  }

  @Test
  void aWrongClockIsCorrectedAlsoWhereTheRefusalHasNoBodyToSaySo() throws IOException {
    Instant there = Instant.now().minusSeconds(7 * 86400);
    String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(there.atOffset(ZoneOffset.UTC));
    server.next(
        StoreRequest::isHead, Fault.status(403, "RequestTimeTooSkewed", Map.of("Date", date)));
    assertEquals(content.length, version().size());
    assertSecondIsSigned(there);
    assertEquals(1, fetches.get(), "the credentials were not to blame");
  }

  @Test
  void aRefusalWithoutABodyFromAStoreOfTheSameTimeIsAboutTheCredentials() throws IOException {
    Instant there = Instant.now().plusSeconds(300);
    String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(there.atOffset(ZoneOffset.UTC));
    Fault refused = Fault.status(403, "AccessDenied", Map.of("Date", date));
    server.next(StoreRequest::isHead, refused, refused);
    assertThrows(StoreDeniedException.class, this::version);
    assertEquals(2, fetches.get());
    assertEquals(2, server.traffic().requests().size());
  }

  /** Of two requests the second carries the day of {@code there}. */
  private void assertSecondIsSigned(Instant there) {
    List<StoreRequest> requests = server.traffic().requests();
    assertEquals(2, requests.size());
    String day = DateTimeFormatter.BASIC_ISO_DATE.format(there.atOffset(ZoneOffset.UTC));
    String header = dialect() == StoreBucket.Dialect.S3 ? "x-amz-date" : "x-oss-date";
    assertTrue(
        requests.get(1).headers().getOrDefault(header, "").startsWith(day.substring(0, 8)),
        requests.get(1).headers()::toString);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "garbage",
        "<ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>x</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>-5</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><ListBucketResult><Contents>"
            + "<Key>&a;</Key></Contents></ListBucketResult>",
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><ListBucketResult>"
            + "<Contents><Key>&b;</Key></Contents></ListBucketResult>"
      })
  void aListingThatIsNoneIsAFaultOfTheProtocol(String document) {
    Fault garbage = Fault.document(document);
    server.next(StoreRequest::isList, garbage, garbage);
    assertThrows(
        StoreProtocolException.class,
        () -> store.list("tree/", ListDepth.ALL, Optional.empty(), NEVER));
  }

  @Test
  void aListingThatNestsOrGrowsWithoutEndIsRefused() {
    Fault deep = Fault.document("<ListBucketResult>" + "<a>".repeat(2_000_000));
    server.next(StoreRequest::isList, deep, deep);
    assertThrows(
        StoreProtocolException.class,
        () -> store.list("tree/", ListDepth.ALL, Optional.empty(), NEVER));
    Fault large = Fault.document("<ListBucketResult><Name>" + "a".repeat(17_000_000) + "</Name>");
    server.next(StoreRequest::isList, large, large);
    assertThrows(
        StoreProtocolException.class,
        () -> store.list("tree/", ListDepth.ALL, Optional.empty(), NEVER));
  }

  @Test
  void aListingThatGoesInACircleIsRefused() {
    Fault circle =
        Fault.document(
            "<ListBucketResult><IsTruncated>true</IsTruncated>"
                + "<NextContinuationToken>again</NextContinuationToken></ListBucketResult>");
    server.always(circle);
    assertThrows(
        StoreProtocolException.class,
        () -> walk("tree/", new ArrayList<>(), new ArrayList<>(), 1000));
    assertEquals(2, server.traffic().lists());
  }

  @Test
  void aListingLongerThanItsBoundIsRefused() {
    for (int i = 0; i < 50; i++) {
      server.bucket().put("tree/k" + i, new byte[] {1});
    }
    server.bucket().pageObjects(10);
    assertThrows(
        StoreProtocolException.class,
        () -> walk("tree/", new ArrayList<>(), new ArrayList<>(), 25));
    assertEquals(3, server.traffic().lists());
  }

  @Test
  void keysThatCanBeNoFilesAreNamed() throws IOException {
    String contents =
        entry("tree/ok")
            + entry("tree//x")
            + entry("tree/../x")
            + entry("tree/a/./b")
            + entry("tree/a%00b")
            + entry("tree/" + "n".repeat(256))
            + entry("tree/" + "n/".repeat(600) + "n")
            + entry("tree/%FF%FE")
            + entry("other/x")
            + entry("tree/ok")
            + entry("tree/full/");
    server.next(
        StoreRequest::isList,
        Fault.document(
            "<ListBucketResult><EncodingType>url</EncodingType>"
                + "<IsTruncated>false</IsTruncated>"
                + contents
                + "</ListBucketResult>"));
    List<String> paths = new ArrayList<>();
    List<KeyFault> faults = new ArrayList<>();
    walk("tree/", paths, faults, 1000);
    assertEquals(List.of("ok"), paths);
    assertEquals(
        List.of(
            KeyFault.UNREADABLE,
            KeyFault.EMPTY_NAME,
            KeyFault.DOT_NAME,
            KeyFault.DOT_NAME,
            KeyFault.NUL,
            KeyFault.NAME_TOO_LONG,
            KeyFault.KEY_TOO_LONG,
            KeyFault.OUTSIDE_PREFIX,
            KeyFault.DUPLICATE,
            KeyFault.MARKER_WITH_CONTENT),
        faults);
  }

  private static String entry(String encodedKey) {
    return "<Contents><Key>"
        + encodedKey
        + "</Key><LastModified>2025-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>"
        + "<Size>5</Size></Contents>";
  }

  @Test
  void anErrorThatIsNoXmlStillHasItsStatus() throws IOException {
    ObjectVersion version = version();
    server.next(
        StoreRequest::isGet,
        (request, reply) -> {
          Fault.document("<html>\r\nforged: line").spoil(request, reply);
          reply.status = 503;
        });
    assertThrows(ThrottledException.class, () -> read(version, 0, 10));
    // a refusal that does not say why has the credentials fetched again: it comes twice
    Fault forged = Fault.status(403, "a\r\nb\u001b[2J" + "x".repeat(1000));
    server.next(StoreRequest::isGet, forged, forged);
    StoreDeniedException e = assertThrows(StoreDeniedException.class, () -> read(version, 0, 10));
    assertTrue(
        String.valueOf(e.getMessage()).chars().noneMatch(Character::isISOControl), e::getMessage);
    assertTrue(String.valueOf(e.getMessage()).length() < 600, e::getMessage);
  }

  @Test
  void aCancelledReadEndsAtOnce() throws Exception {
    ObjectVersion version = version();
    CountDownLatch release = new CountDownLatch(1);
    server.next(StoreRequest::isGet, Fault.stallAfter(10, release));
    Cancellation cancellation = new Cancellation();
    CountDownLatch begun = new CountDownLatch(1);
    RangeSink sink =
        new RangeSink() {
          private final ByteBuffer room = ByteBuffer.allocate(1000);

          @Override
          public ByteBuffer room() {
            return room;
          }

          @Override
          public void arrived(int count) {
            begun.countDown();
          }
        };
    CompletableFuture<Object> reading =
        CompletableFuture.supplyAsync(() -> {
          try {
            return store.get(version, 0, 1000, sink, cancellation);
          } catch (IOException e) {
            return e;
          }
        });
    assertTrue(begun.await(60, TimeUnit.SECONDS));
    cancellation.cancel();
    assertTrue(reading.get(60, TimeUnit.SECONDS) instanceof CancelledReadException);
    release.countDown();
    assertThrows(
        CancelledReadException.class, () -> store.get(version, 0, 1000, sink, cancellation));
  }

  @Test
  void manyReadersAtOnceStayWithinTheConnections() throws Exception {
    try (ObjectStore narrow = open(Map.of("max-connections", "4"))) {
      ObjectVersion version = narrow.head("tree/a.bin", NEVER);
      server.always((request, reply) -> reply.delayMillis = 5);
      List<CompletableFuture<Void>> readers = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        int offset = i * 10_000;
        readers.add(
            CompletableFuture.runAsync(
                () -> {
                  byte[] ciphertext = new byte[10_000];
                  try {
                    narrow.get(
                        version,
                        offset,
                        10_000,
                        RangeSink.into(ByteBuffer.wrap(ciphertext)),
                        NEVER);
                  } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                  assertArrayEquals(expected(offset, 10_000), ciphertext);
                },
                task -> Thread.ofVirtual().start(task)));
      }
      for (CompletableFuture<Void> reader : readers) {
        reader.get(60, TimeUnit.SECONDS);
      }
      assertTrue(server.traffic().mostAtOnce() <= 4);
    }
  }

  @Test
  void aBrokenRangeIsTheCallersMistake() throws IOException {
    ObjectVersion version = version();
    assertThrows(IndexOutOfBoundsException.class, () -> read(version, content.length - 5, 6));
    assertThrows(IllegalArgumentException.class, () -> read(version, 0, 0));
  }

  @Test
  void theQosDelayIsTold() throws IOException {
    ObjectVersion version = version();
    server.next(StoreRequest::isGet, Fault.header("x-oss-qos-delay-time", "250"));
    Fetched fetched = store.get(version, 0, 10, RangeSink.into(ByteBuffer.allocate(10)), NEVER);
    assertEquals(250, fetched.slowedMillis());
  }
}
