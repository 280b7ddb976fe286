package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Source;
import io.unsealfs.storage.StaleSourceException;
import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.chunk.ReadPattern.Ahead;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.StoreDeniedException;
import io.unsealfs.storage.object.StoreProtocolException;
import io.unsealfs.storage.object.StoreUnavailableException;
import io.unsealfs.storage.object.ThrottledException;
import io.unsealfs.storage.object.TruncatedObjectException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A store of chunks over a store in memory that counts and fails (object-storage.md section 5). */
@Timeout(60)
class ChunkStoreTest {
  private static final int KIB = 1 << 10;
  private static final int MIB = 1 << 20;
  private static final RetryPolicy QUICK =
      new RetryPolicy(5, Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofSeconds(20));
  private static final ChunkSettings SETTINGS =
      ChunkSettings.defaults(1L << 32, 1L << 31).withRetries(QUICK, Duration.ofHours(1));

  private final FakeStore fake = new FakeStore();
  private final List<ChunkStore> stores = new ArrayList<>();

  @AfterEach
  void closeStores() {
    stores.forEach(ChunkStore::close);
  }

  private ChunkStore store(ChunkSettings settings) {
    ChunkStore store = new ChunkStore(fake, settings);
    stores.add(store);
    return store;
  }

  private static byte[] read(Source source, long offset, int length) throws IOException {
    ByteBuffer dst = ByteBuffer.allocate(length);
    int got = source.read(offset, dst);
    return Arrays.copyOf(dst.array(), got);
  }

  private static void until(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "waited for nothing");
      Thread.sleep(1);
    }
  }

  @Test
  void eachReaderInSequenceHasRequestsOfItsOwnAhead() throws Exception {
    ChunkTable table = new ChunkTable(SETTINGS, new ChunkCounters(), chunk -> {}, fetch -> {});
    ObjectVersion version = new ObjectVersion("a", 400L * MIB, Optional.of("e"), 0, false);
    StoredObject object = table.open(version);
    ReadStream one = new ReadStream(0);
    ReadStream other = new ReadStream(200L * MIB);

    ChunkTable.Ordered ofOne =
        table.order(object, new Ahead(0, 64L * MIB, MIB), Priority.PREFETCH, one);
    assertEquals(16, ofOne.fetches().size());
    assertEquals(16L * MIB, ofOne.to());
    assertEquals(
        List.of(),
        table
            .order(object, new Ahead(16L * MIB, 64L * MIB, MIB), Priority.PREFETCH, one)
            .fetches());
    Ahead elsewhere = new Ahead(200L * MIB, 264L * MIB, MIB);
    assertEquals(16, table.order(object, elsewhere, Priority.PREFETCH, other).fetches().size());

    table.over(ofOne.fetches().getFirst());
    assertEquals(
        17L * MIB,
        table.order(object, new Ahead(16L * MIB, 64L * MIB, MIB), Priority.PREFETCH, one).to());
  }

  @Test
  void twentyReadersOfOneChunkMakeOneRequest() throws Exception {
    byte[] bytes = FakeStore.bytes(20 * MIB, 1);
    ObjectVersion version = fake.put("a", bytes);
    CountDownLatch go = new CountDownLatch(1);
    fake.fails((request, served, cancellation) -> FakeStore.await(go, cancellation));
    ChunkStore store = store(SETTINGS);
    try (Source source = store.open(version);
        ExecutorService readers = Executors.newCachedThreadPool()) {
      List<Future<byte[]>> results = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        long offset = 5 * MIB + i * 100L;
        results.add(readers.submit(() -> read(source, offset, 4 * KIB)));
      }
      until(() -> store.figures().memoryJoins() == 19);
      go.countDown();
      for (int i = 0; i < 20; i++) {
        int offset = 5 * MIB + i * 100;
        assertArrayEquals(
            Arrays.copyOfRange(bytes, offset, offset + 4 * KIB), results.get(i).get());
      }
    }
    assertEquals(1, fake.requests.size());
  }

  @Test
  void aReaderOfTheFirstBytesDoesNotWaitForTheRestOfTheRequest() throws Exception {
    byte[] bytes = FakeStore.bytes(20 * MIB, 2);
    ObjectVersion version = fake.put("a", bytes);
    CountDownLatch never = new CountDownLatch(1);
    fake.fails((request, served, cancellation) -> {
      if (served >= 32 * KIB) {
        FakeStore.await(never, cancellation);
      }
    });
    try (Source source = store(SETTINGS).open(version)) {
      assertArrayEquals(Arrays.copyOf(bytes, 4 * KIB), read(source, 0, 4 * KIB));
    }
    assertEquals(1, fake.requests.size());
  }

  @Test
  void aFileReadInSequenceIsFetchedOnce() throws Exception {
    byte[] bytes = FakeStore.bytes(100 * MIB + 12345, 3);
    ObjectVersion version = fake.put("a", bytes);
    ChunkStore store = store(SETTINGS);
    try (Source source = store.open(version)) {
      for (int offset = 0; offset < bytes.length; offset += 128 * KIB) {
        byte[] got = read(source, offset, 128 * KIB);
        assertTrue(
            Arrays.equals(
                bytes, offset, Math.min(offset + 128 * KIB, bytes.length), got, 0, got.length),
            "at " + offset);
      }
    }
    assertEquals(bytes.length, fake.bytesServed.get());
    assertTrue(fake.requests.size() <= 60, fake.requests.size() + " requests");
    // the last requests are counted when they end, a moment after their bytes were taken
    until(() -> store.figures().prefetchBytes() > 90 * MIB);
    assertEquals(0, store.figures().prefetchWastedBytes());
  }

  @Test
  void aBrokenAnswerIsContinuedAtTheByteWhereItBroke() throws Exception {
    byte[] bytes = FakeStore.bytes(20 * MIB, 4);
    ObjectVersion version = fake.put("a", bytes);
    fake.fails((request, served, cancellation) -> {
      if (request.number() == 1 && served >= 640 * KIB) {
        throw new TruncatedObjectException("cut", 0);
      }
    });
    ChunkStore store = store(SETTINGS);
    try (Source source = store.open(version)) {
      assertArrayEquals(Arrays.copyOf(bytes, MIB), read(source, 0, MIB));
    }
    assertEquals(2, fake.requests.size());
    assertEquals(640 * KIB, fake.requests.get(1).offset());
    until(() -> fake.bytesServed.get() == MIB);
    assertEquals(1, store.figures().retries());
    assertEquals(1, store.figures().retriesByCause().get(ChunkFigures.RetryCause.TRUNCATED));
    until(() -> store.figures().failedRequestNanos() > 0);
    until(() -> store.figures().requestNanos() > 0);
  }

  @Test
  void fiveTriesAreMadeAndTheirFailureAnswersForThoseWhoAskNext() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(20 * MIB, 5));
    fake.fails((request, served, cancellation) -> {
      throw new StoreUnavailableException("503", 0);
    });
    ChunkStore store =
        store(
            SETTINGS.withRetries(QUICK.keepingFailures(Duration.ofHours(1)), Duration.ofHours(1)));
    try (Source source = store.open(version)) {
      for (int i = 0; i < 3; i++) {
        assertThrows(StorageException.class, () -> read(source, 0, 4 * KIB));
        until(() -> store.figures().inFlight() == 0);
      }
    }
    assertEquals(5, fake.requests.size());
  }

  @Test
  void ofWhatWasReadToTheEndLittleStaysInMemory() throws Exception {
    byte[] bytes = FakeStore.bytes(40 * MIB, 8);
    ObjectVersion version = fake.put("a", bytes);
    ChunkStore store = store(SETTINGS);
    ChunkStore small = store(SETTINGS.withBudget(64L * MIB));
    for (ChunkStore each : List.of(store, small)) {
      try (Source source = each.open(version)) {
        for (int offset = 0; offset < bytes.length; offset += MIB) {
          assertArrayEquals(
              Arrays.copyOfRange(bytes, offset, offset + MIB), read(source, offset, MIB));
        }
      }
      until(() -> each.figures().inFlight() == 0);
      // a chunk that was read before it was counted is dropped with the next read
      try (Source source = each.open(version)) {
        assertEquals(bytes[bytes.length - 1], read(source, bytes.length - 1, 1)[0]);
      }
    }
    // an eighth of the budget, and two segments at least
    assertEquals(40L * MIB, store.figures().memoryBytes());
    assertEquals(16L * MIB, small.figures().memoryBytes());
  }

  @Test
  void anOldFailureAnswersNoLonger() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(20 * MIB, 5));
    fake.fails((request, served, cancellation) -> {
      throw new StoreUnavailableException("503", 0);
    });
    ChunkStore store =
        store(SETTINGS.withRetries(QUICK.keepingFailures(Duration.ZERO), Duration.ofHours(1)));
    try (Source source = store.open(version)) {
      assertThrows(StorageException.class, () -> read(source, 0, 4 * KIB));
      fake.fails((request, served, cancellation) -> {});
      // each chunk of the request that failed is asked for once more
      until(() -> reads(source));
    }
    int more = fake.requests.size() - 5;
    assertTrue(more >= 1 && more <= 4, more + " requests");
  }

  private static boolean reads(Source source) {
    try {
      return read(source, 0, 4 * KIB).length == 4 * KIB;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void anObjectReplacedWhileItIsReadGivesOldBytesOrStaleness() throws Exception {
    byte[] old = FakeStore.bytes(20 * MIB, 6);
    ObjectVersion version = fake.put("a", old);
    ChunkStore store = store(SETTINGS);
    try (Source source = store.open(version)) {
      assertArrayEquals(Arrays.copyOf(old, 4 * KIB), read(source, 0, 4 * KIB));
      until(() -> store.figures().inFlight() == 0);
      fake.put("a", FakeStore.bytes(20 * MIB, 7));
      assertThrows(StaleSourceException.class, () -> read(source, 10 * MIB, 4 * KIB));
      int asked = fake.requests.size();
      assertEquals(2, asked);
      assertArrayEquals(
          Arrays.copyOfRange(old, 512 * KIB, 516 * KIB), read(source, 512 * KIB, 4 * KIB));
      assertThrows(StaleSourceException.class, () -> read(source, 15 * MIB, 4 * KIB));
      assertThrows(StaleSourceException.class, () -> store.open(version));
      assertEquals(asked, fake.requests.size());
    }
    assertEquals(1, store.figures().staleObjects());
  }

  @Test
  void anObjectReplacedInTheMiddleOfARequestIsNeverMixed() throws Exception {
    byte[] old = FakeStore.bytes(20 * MIB, 8);
    ObjectVersion version = fake.put("a", old);
    fake.fails((request, served, cancellation) -> {
      if (request.number() == 1 && served >= 300 * KIB) {
        fake.put("a", FakeStore.bytes(20 * MIB, 9));
        throw new TruncatedObjectException("cut", 0);
      }
    });
    try (Source source = store(SETTINGS).open(version)) {
      assertThrows(StaleSourceException.class, () -> read(source, 0, MIB));
    }
    assertEquals(2, fake.requests.size());
  }

  @Test
  void anObjectThatWasRemovedIsStale() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(MIB, 10));
    fake.remove("a");
    try (Source source = store(SETTINGS).open(version)) {
      assertThrows(StaleSourceException.class, () -> read(source, 0, 4 * KIB));
    }
    assertEquals(1, fake.requests.size());
  }

  @Test
  void aRefusalIsNotRepeated() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(20 * MIB, 11));
    fake.fails((request, served, cancellation) -> {
      throw new StoreDeniedException("403");
    });
    try (Source source = store(SETTINGS).open(version)) {
      assertThrows(StoreDeniedException.class, () -> read(source, 0, 4 * KIB));
    }
    assertEquals(1, fake.requests.size());
  }

  @Test
  void anAnswerThatBreaksTheProtocolFailsTheReaderAndIsCounted() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(20 * MIB, 12));
    fake.fails((request, served, cancellation) -> {
      throw new StoreProtocolException(StoreProtocolException.Fault.RANGE, "200");
    });
    ChunkStore store = store(SETTINGS);
    try (Source source = store.open(version)) {
      assertThrows(StoreProtocolException.class, () -> read(source, 0, 4 * KIB));
    }
    assertEquals(1, fake.requests.size());
    assertEquals(1, store.figures().protocolFaults());
    assertEquals(1, store.figures().protocolFaultsByKind().get(StoreProtocolException.Fault.RANGE));
  }

  @Test
  void aStoreThatBlowsUpFailsTheReaderAndNotTheQueue() throws Exception {
    byte[] bytes = FakeStore.bytes(20 * MIB, 13);
    ObjectVersion version = fake.put("a", bytes);
    fake.fails((request, served, cancellation) -> {
      if (request.number() == 1) {
        throw new IllegalStateException("bug");
      }
    });
    try (Source source = store(SETTINGS).open(version)) {
      assertThrows(StorageException.class, () -> read(source, 0, 4 * KIB));
      assertArrayEquals(
          Arrays.copyOfRange(bytes, 10 * MIB, 10 * MIB + 10), read(source, 10 * MIB, 10));
    }
  }

  @Test
  void aRequestThatHangsIsDoubledAndTheFirstAnswerWins() throws Exception {
    byte[] bytes = FakeStore.bytes(20 * MIB, 14);
    ObjectVersion version = fake.put("a", bytes);
    CountDownLatch never = new CountDownLatch(1);
    AtomicReference<String> ended = new AtomicReference<>();
    fake.fails((request, served, cancellation) -> {
      if (request.number() == 1 && served >= 300 * KIB) {
        try {
          FakeStore.await(never, cancellation);
        } finally {
          ended.set("cancelled " + cancellation.isCancelled());
        }
      }
    });
    // long enough for the first request to come to where it hangs, also on a busy machine
    ChunkStore store = store(SETTINGS.withRetries(QUICK, Duration.ofSeconds(3)));
    try (Source source = store.open(version)) {
      assertArrayEquals(Arrays.copyOf(bytes, MIB), read(source, 0, MIB));
      until(() -> ended.get() != null);
    }
    assertEquals("cancelled true", ended.get());
    assertEquals(2, fake.requests.size());
    assertEquals(256 * KIB, fake.requests.get(1).offset());
    assertEquals(1, store.figures().hedges());
    assertEquals(1, store.figures().hedgesWon());
  }

  @Test
  void afterTheDeadlineNothingIsRepeated() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(20 * MIB, 42));
    fake.fails((request, served, cancellation) -> {
      throw new StoreUnavailableException("503", 0);
    });
    try (Source source =
        store(SETTINGS.withRetries(QUICK.within(Duration.ZERO), Duration.ofHours(1)))
            .open(version)) {
      assertThrows(StoreUnavailableException.class, () -> read(source, 0, 4 * KIB));
    }
    assertEquals(1, fake.requests.size());
  }

  @ParameterizedTest
  @CsvSource({"0,1", "19,1", "20,1", "39,1", "40,2", "99,4", "100,5"})
  void oneRequestInTwentyIsDoubledAtMostAndOneBefore(int requests, int most) throws Exception {
    ChunkCounters counters = new ChunkCounters();
    ChunkTable table = new ChunkTable(SETTINGS, counters, chunk -> {}, fetch -> {});
    ObjectVersion version = new ObjectVersion("a", 400L * MIB, Optional.of("e"), 0, false);
    StoredObject object = table.open(version);
    counters.requests.add(requests);
    int doubled = 0;
    for (int segment = 0; segment < 20; segment++) {
      @Nullable Chunk[] held = new @Nullable Chunk[1];
      int index = ChunkGrid.firstOf(segment);
      table.hold(object, index, held, index).getFirst().running = true;
      Chunk chunk = held[0];
      assertNotNull(chunk);
      doubled += table.doubleOf(chunk) == null ? 0 : 1;
      assertNull(table.doubleOf(chunk), "each once at most");
    }
    assertEquals(most, doubled);
    assertEquals(doubled, counters.hedges.sum());
  }

  @Test
  void threeTimesTheUsualIsTooLongAndNeverLessThanTheLeast() {
    long milli = TimeUnit.MILLISECONDS.toNanos(1);
    Latencies latencies = new Latencies();
    assertEquals(1000 * milli, latencies.tooLongNanos(Duration.ofSeconds(1)));
    for (int i = 0; i < 128; i++) {
      latencies.add(i % 10 == 0 ? 400 * milli : milli);
    }
    assertEquals(1200 * milli, latencies.tooLongNanos(Duration.ofSeconds(1)));
    assertEquals(2000 * milli, latencies.tooLongNanos(Duration.ofSeconds(2)));
    // one in a hundred is not what is usual
    for (int i = 0; i < 128; i++) {
      latencies.add(i == 0 ? 400 * milli : milli);
    }
    assertEquals(3 * milli, latencies.tooLongNanos(Duration.ZERO));
  }

  @Test
  void askingForLessHalvesTheConcurrency() throws Exception {
    byte[] bytes = FakeStore.bytes(MIB, 15);
    ObjectVersion version = fake.put("a", bytes);
    fake.fails((request, served, cancellation) -> {
      if (request.number() == 1) {
        throw new ThrottledException("503 SlowDown", 0);
      }
    });
    ChunkStore store = store(SETTINGS);
    assertEquals(8, store.figures().concurrencyLimit());
    try (Source source = store.open(version)) {
      assertArrayEquals(bytes, read(source, 0, MIB));
    }
    assertEquals(4, store.figures().concurrencyLimit());
    assertEquals(1, store.figures().throttled());
  }

  @Test
  void aReaderWhoIsInterruptedLeavesTheRequestToTheOthers() throws Exception {
    byte[] bytes = FakeStore.bytes(20 * MIB, 16);
    ObjectVersion version = fake.put("a", bytes);
    CountDownLatch go = new CountDownLatch(1);
    fake.fails((request, served, cancellation) -> FakeStore.await(go, cancellation));
    ChunkStore store = store(SETTINGS);
    try (Source source = store.open(version);
        ExecutorService readers = Executors.newCachedThreadPool()) {
      AtomicReference<Thread> first = new AtomicReference<>();
      Future<byte[]> leaving =
          readers.submit(() -> {
            first.set(Thread.currentThread());
            return read(source, 0, 4 * KIB);
          });
      until(() -> fake.requests.size() == 1);
      Future<byte[]> staying = readers.submit(() -> read(source, 0, 4 * KIB));
      until(() -> store.figures().memoryJoins() == 1);
      first.get().interrupt();
      Throwable failure =
          assertThrows(java.util.concurrent.ExecutionException.class, leaving::get).getCause();
      assertInstanceOf(InterruptedIOException.class, failure);
      go.countDown();
      assertArrayEquals(Arrays.copyOf(bytes, 4 * KIB), staying.get());
    }
    assertEquals(1, fake.requests.size());
  }

  @Test
  void readersWhoWaitComeBeforeWhatIsFetchedAhead() throws Exception {
    ObjectVersion large = fake.put("large", FakeStore.bytes(120 * MIB, 17));
    byte[] bytes = FakeStore.bytes(20 * MIB, 18);
    ObjectVersion other = fake.put("other", bytes);
    CountDownLatch go = new CountDownLatch(1);
    fake.fails((request, served, cancellation) -> {
      if (request.key().equals("large") && request.offset() >= MIB) {
        FakeStore.await(go, cancellation);
      }
    });
    ChunkStore store = store(SETTINGS);
    try (Source ahead = store.open(large);
        Source source = store.open(other)) {
      for (int i = 0; i < 3; i++) {
        read(ahead, i * 128L * KIB, 128 * KIB);
      }
      until(() -> allPlacesAheadAreTaken(store));
      assertArrayEquals(Arrays.copyOf(bytes, 4 * KIB), read(source, 0, 4 * KIB));
      go.countDown();
    }
  }

  /** The limit may have grown meanwhile, and with it what requests ahead may take of it. */
  private static boolean allPlacesAheadAreTaken(ChunkStore store) {
    ChunkFigures figures = store.figures();
    return figures.inFlight() >= figures.concurrencyLimit() * 3 / 4;
  }

  /**
   * All places ahead of readers are taken by requests for objects that hang until {@code go}: for
   * more of them than one sequence makes, since the limit may have grown.
   */
  private Closeable occupied(ChunkStore store, CountDownLatch go, FakeStore.Fault others)
      throws Exception {
    fake.fails((request, served, cancellation) -> {
      if (request.key().startsWith("large") && request.offset() >= MIB) {
        FakeStore.await(go, cancellation);
      } else {
        others.beforePiece(request, served, cancellation);
      }
    });
    List<Source> ahead = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      ahead.add(store.open(fake.put("large " + i, FakeStore.bytes(60 * MIB, 17 + i))));
      for (int k = 0; k < 3; k++) {
        read(ahead.getLast(), k * 128L * KIB, 128 * KIB);
      }
    }
    until(() -> allPlacesAheadAreTaken(store));
    return () -> {
      for (Source source : ahead) {
        source.close();
      }
    };
  }

  @Test
  void aRequestAheadOfAReaderStartsWhenHeComesToItEarly() throws Exception {
    // a sequence whose window reaches the end at once, so that nothing else is asked for later
    byte[] bytes = FakeStore.bytes(8 * MIB + 100, 30);
    ObjectVersion version = fake.put("other", bytes);
    CountDownLatch go = new CountDownLatch(1);
    ChunkStore store = store(SETTINGS);
    try (Closeable _ = occupied(store, go, (request, served, cancellation) -> {});
        Source source = store.open(version);
        ExecutorService readers = Executors.newCachedThreadPool()) {
      for (int i = 0; i < 3; i++) {
        read(source, i * 128L * KIB, 128 * KIB);
      }
      Future<byte[]> early = readers.submit(() -> read(source, 1280 * KIB, 4 * KIB));
      byte[] got;
      try {
        got = early.get(20, TimeUnit.SECONDS);
      } finally {
        go.countDown();
      }
      assertArrayEquals(Arrays.copyOfRange(bytes, 1280 * KIB, 1284 * KIB), got);
    }
  }

  @Test
  void aRequestThatIsRepeatedComesBackForTheReaderWhoJoinedItMeanwhile() throws Exception {
    byte[] bytes = FakeStore.bytes(8 * MIB + 100, 31);
    ObjectVersion version = fake.put("other", bytes);
    CountDownLatch go = new CountDownLatch(1);
    CountDownLatch joined = new CountDownLatch(1);
    AtomicInteger failures = new AtomicInteger();
    FakeStore.Fault once =
        (request, served, cancellation) -> {
          if (request.offset() == MIB && failures.getAndIncrement() == 0) {
            FakeStore.await(joined, cancellation);
            throw new StoreUnavailableException("503", 100);
          }
        };
    fake.fails(once);
    ChunkStore store = store(SETTINGS);
    try (Source source = store.open(version);
        ExecutorService readers = Executors.newCachedThreadPool()) {
      for (int i = 0; i < 3; i++) {
        read(source, i * 128L * KIB, 128 * KIB);
      }
      until(() -> failures.get() == 1);
      Future<byte[]> early = readers.submit(() -> read(source, 1280 * KIB, 4 * KIB));
      until(() -> store.figures().memoryJoins() >= 1);
      // one place ahead is its own until it fails
      Closeable ahead = occupied(store, go, once);
      joined.countDown();
      byte[] got;
      try {
        got = early.get(20, TimeUnit.SECONDS);
      } finally {
        go.countDown();
        ahead.close();
      }
      assertArrayEquals(Arrays.copyOfRange(bytes, 1280 * KIB, 1284 * KIB), got);
    }
  }

  @Test
  void aRequestForWhichThereIsNoThreadFailsAndGivesItsPlaceBack() throws Exception {
    ChunkCounters counters = new ChunkCounters();
    ObjectVersion version = fake.put("a", FakeStore.bytes(20 * MIB, 32));
    StoredObject object =
        new StoredObject(
            version, new ReadPattern(version.size(), SETTINGS, SETTINGS::budgetBytes, counters));
    AtomicInteger threads = new AtomicInteger();
    CountDownLatch ran = new CountDownLatch(1);
    List<IOException> failures = new CopyOnWriteArrayList<>();
    FetchQueue queue =
        new FetchQueue(
            2,
            fetch -> ran.countDown(),
            (fetch, cause) -> failures.add(cause),
            task -> {
              if (threads.incrementAndGet() <= 2) {
                throw new OutOfMemoryError("unable to create native thread");
              }
              return Thread.ofPlatform().daemon().unstarted(task);
            });
    for (int i = 0; i < 3; i++) {
      Chunk[] chunks = {new Chunk(object, i)};
      assertTrue(queue.add(new Fetch(chunks, Priority.DEMAND, null, false, chunk -> {})));
    }
    assertTrue(ran.await(20, TimeUnit.SECONDS));
    assertEquals(2, failures.size());
    until(() -> queue.inFlight() == 0);
    assertEquals(List.of(), queue.close());
  }

  @Test
  void aLibraryThatIsBrokenFailsTheReaderAndNotTheQueue() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(20 * MIB, 33));
    fake.fails((request, served, cancellation) -> {
      throw new NoClassDefFoundError("com/example/Sdk");
    });
    ChunkStore store = store(SETTINGS);
    try (Source source = store.open(version);
        ExecutorService readers = Executors.newCachedThreadPool()) {
      Future<byte[]> reading = readers.submit(() -> read(source, 0, 4 * KIB));
      Throwable failure =
          assertThrows(ExecutionException.class, () -> reading.get(20, TimeUnit.SECONDS))
              .getCause();
      assertInstanceOf(StorageException.class, failure);
      until(() -> store.figures().inFlight() == 0);
    }
  }

  @Test
  void aChunkThatIsDistrustedWhileItsSegmentIsWrittenGivesItsMemoryBack() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(MIB, 38));
    for (boolean warming : new boolean[] {false, true}) {
      AtomicReference<ChunkTable> arriving = new AtomicReference<>();
      ChunkTable table =
          new ChunkTable(
              SETTINGS, new ChunkCounters(), chunk -> arriving.get().arrived(chunk), fetch -> {});
      arriving.set(table);
      StoredObject object = table.open(version);
      @Nullable Chunk[] held = new @Nullable Chunk[4];
      for (Fetch fetch : table.hold(object, 0, held, 3)) {
        assertEquals(List.of(), table.reserve(fetch));
        table.land(fetch);
        fetch.showAll();
        fetch.end(null, System.nanoTime(), chunk -> {});
        table.over(fetch);
      }
      table.release(0, MIB, held, 0);
      List<Chunk> segment =
          warming ? table.pin(object, 0, false).chunks() : table.holdSegment(object, 0);
      assertEquals(4, segment.size());
      assertTrue(table.areInPlace(segment));
      List<Fetch> again = table.replace(object, 1);
      assertTrue(again != null && again.size() == 1);
      assertFalse(table.areInPlace(segment));
      assertEquals(MIB, table.pool().bytesInUse());
      if (warming) {
        table.unpin(segment, false);
      } else {
        table.releaseSegment(segment, false);
      }
      assertEquals(MIB - 256 * KIB, table.pool().bytesInUse());
    }
  }

  @Test
  void aChunkThatComesFromTheDiskWhileItIsDistrustedIsAskedOfTheStore() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(MIB, 39));
    AtomicReference<ChunkTable> arriving = new AtomicReference<>();
    ChunkTable table =
        new ChunkTable(
            SETTINGS, new ChunkCounters(), chunk -> arriving.get().arrived(chunk), fetch -> {});
    arriving.set(table);
    StoredObject object = table.open(version);
    @Nullable Chunk[] held = new @Nullable Chunk[1];
    Fetch loading = table.hold(object, 1, held, 3).getFirst();
    // from the store there is nothing to be had that is not coming
    assertEquals(List.of(), table.replace(object, 1));

    loading.atDisk = true;
    assertEquals(List.of(), table.reserve(loading));
    table.land(loading);
    List<Fetch> again = table.replace(object, 1);
    assertNotNull(again);
    assertEquals(1, again.size());
    assertEquals(List.of(1), indexes(again.getFirst()));
    assertTrue(table.replace(object, 2) != null);
    table.markStored(loading);
    loading.showAll();
    loading.end(null, System.nanoTime(), chunk -> {});
    table.over(loading);
    // nobody holds the third; the reader of the second has its bytes until he is done
    assertEquals(MIB - 2 * 256 * KIB, table.pool().bytesInUse());
    table.release(256 * KIB, 256 * KIB, held, 1);
    assertEquals(256 * KIB, table.pool().bytesInUse());

    assertEquals(List.of(), table.reserve(again.getFirst()));
    table.land(again.getFirst());
    again.getFirst().showAll();
    Chunk fresh = object.chunk(1);
    assertTrue(fresh != null && fresh.isPresent());
    assertEquals(List.of(), table.replace(object, 1), "one more look, and no request");
  }

  @Test
  void scatteredSmallReadsFetchLittle() throws Exception {
    byte[] bytes = FakeStore.bytes(200 * MIB, 19);
    ObjectVersion version = fake.put("a", bytes);
    Random random = new Random(20);
    try (Source source = store(SETTINGS).open(version)) {
      int reads = 60;
      for (int i = 0; i < reads; i++) {
        long before = fake.requests.stream().mapToLong(FakeStore.Request::length).sum();
        int offset = random.nextInt(bytes.length - 66 * KIB);
        assertArrayEquals(
            Arrays.copyOfRange(bytes, offset, offset + 66 * KIB), read(source, offset, 66 * KIB));
        long fetched = fake.requests.stream().mapToLong(FakeStore.Request::length).sum() - before;
        assertTrue(fetched <= MIB, "a read fetched " + fetched);
      }
      long all = fake.requests.stream().mapToLong(FakeStore.Request::length).sum();
      assertTrue(all <= reads * 600L * KIB, "in all " + all);
    }
  }

  @Test
  void memoryStaysWithinItsBudget() throws Exception {
    byte[] bytes = FakeStore.bytes(64 * MIB, 21);
    ObjectVersion version = fake.put("a", bytes);
    ChunkStore store = store(SETTINGS.withBudget(8 * MIB));
    long most = 0;
    try (Source source = store.open(version)) {
      for (int offset = 0; offset < bytes.length; offset += 128 * KIB) {
        byte[] got = read(source, offset, 128 * KIB);
        assertTrue(Arrays.equals(bytes, offset, offset + 128 * KIB, got, 0, got.length));
        most = Math.max(most, store.figures().memoryBytes());
      }
    }
    assertTrue(most <= 9 * MIB, "held " + most);
    assertTrue(fake.bytesServed.get() <= bytes.length * 1.05, "fetched " + fake.bytesServed);
  }

  /** Objects that are fetched as a whole wherever they are read. */
  private List<ObjectVersion> shards(int count) {
    byte[] bytes = FakeStore.bytes(8 * MIB, 41);
    List<ObjectVersion> shards = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      shards.add(fake.put("shard " + i, bytes));
    }
    return shards;
  }

  @Test
  void beyondTheBudgetIsOnlyWhatReadersWaitFor() throws Exception {
    byte[] bytes = FakeStore.bytes(8 * MIB, 41);
    CountDownLatch go = new CountDownLatch(1);
    fake.fails((request, served, cancellation) -> FakeStore.await(go, cancellation));
    ChunkStore store = store(SETTINGS.withBudget(8L * MIB));
    List<Source> sources = new ArrayList<>();
    try (ExecutorService readers = Executors.newCachedThreadPool()) {
      List<Future<byte[]>> results = new ArrayList<>();
      for (ObjectVersion version : shards(8)) {
        Source source = store.open(version);
        sources.add(source);
        results.add(readers.submit(() -> read(source, 0, 4 * KIB)));
      }
      until(() -> fake.requests.size() == 8);
      long held = store.figures().memoryBytes();
      assertTrue(held <= 8 * MIB + 7 * 256 * KIB, "held " + held);
      go.countDown();
      for (Future<byte[]> result : results) {
        assertArrayEquals(Arrays.copyOf(bytes, 4 * KIB), result.get());
      }
      // what was cut off is fetched when it is read
      for (Source source : sources) {
        assertArrayEquals(bytes, read(source, 0, 8 * MIB));
      }
    } finally {
      go.countDown();
      for (Source source : sources) {
        source.close();
      }
    }
  }

  @Test
  void aReaderWhoJoinsWhatIsFetchedAheadGetsHisPartOfItBeyondTheBudget() throws Exception {
    ChunkCounters counters = new ChunkCounters();
    ChunkTable table = new ChunkTable(SETTINGS.withBudget(MIB), counters, chunk -> {}, fetch -> {});
    ObjectVersion version = new ObjectVersion("a", 64L * MIB, Optional.of("e"), 0, false);
    StoredObject object = table.open(version);
    ReadStream stream = new ReadStream(0);
    Fetch fetch =
        table
            .order(object, new Ahead(0, 8L * MIB, 8L * MIB), Priority.PREFETCH, stream)
            .fetches()
            .getFirst();
    assertNull(table.reserve(fetch), "nobody waits for it");
    @Nullable Chunk[] held = new @Nullable Chunk[2];
    assertEquals(List.of(), table.hold(object, 9, held, 10));

    List<Fetch> rest = table.reserve(fetch);
    table.land(fetch);
    assertEquals(512 * KIB, table.pool().bytesInUse());
    assertEquals(List.of(9, 10), indexes(fetch));
    assertNotNull(rest);
    assertEquals(2, rest.size());
    assertEquals(9, rest.getFirst().chunks().length);
    assertEquals(11, rest.getLast().chunks()[0].index);
    assertEquals(21, rest.getLast().chunks().length);
    assertEquals(3, stream.requestsAhead);
    for (Fetch each : rest) {
      assertEquals(Priority.PREFETCH, each.priority);
      assertNull(table.reserve(each));
      each.end(null, System.nanoTime(), chunk -> table.failed(chunk, false));
      table.over(each);
    }
    assertEquals(1, stream.requestsAhead);
    assertEquals(2, object.chunks().size());
  }

  private static List<Integer> indexes(Fetch fetch) {
    return Arrays.stream(fetch.chunks()).map(chunk -> chunk.index).toList();
  }

  @Test
  void whatPausesBeforeItIsRepeatedHoldsNoMemory() throws Exception {
    fake.fails((request, served, cancellation) -> {
      throw new ThrottledException("503 SlowDown", TimeUnit.HOURS.toMillis(1));
    });
    ChunkStore store =
        store(SETTINGS.withRetries(QUICK.within(Duration.ofDays(1)), Duration.ofDays(1)));
    try (Source source = store.open(shards(1).getFirst());
        ExecutorService readers = Executors.newCachedThreadPool()) {
      Future<byte[]> waiting = readers.submit(() -> read(source, 0, 4 * KIB));
      until(() -> store.figures().retries() == 1 && store.figures().inFlight() == 0);
      assertEquals(0, store.figures().memoryBytes());
      assertFalse(waiting.isDone());
      store.close();
      assertThrows(ExecutionException.class, waiting::get);
    }
  }

  @Test
  void memoryIsGivenBackWhenItBecomesShort() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(8 * MIB, 22));
    ChunkStore store = store(SETTINGS);
    try (Source source = store.open(version)) {
      assertEquals(8 * MIB, read(source, 0, 8 * MIB).length);
      until(() -> store.figures().inFlight() == 0);
      assertEquals(8 * MIB, store.figures().memoryBytes());
      store.resize(MIB);
      assertEquals(MIB, store.figures().memoryBytes());
    }
  }

  @Test
  void whatReadersAreDoneWithGoes() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(8 * MIB, 23));
    ChunkStore store = store(SETTINGS);
    try (Source source = store.open(version)) {
      assertEquals(8 * MIB, read(source, 0, 8 * MIB).length);
      until(() -> store.figures().inFlight() == 0);
      source.doneWith(100, 4 * MIB);
      // what the range holds only in part stays
      assertEquals(8 * MIB - 15 * 256 * KIB, store.figures().memoryBytes());
    }
  }

  @Test
  void anObjectThatWasReadIsForgottenWithItsLastChunk() throws Exception {
    ChunkStore store = store(SETTINGS);
    for (int i = 0; i < 5; i++) {
      ObjectVersion version = fake.put("object " + i, FakeStore.bytes(MIB, i));
      try (Source source = store.open(version)) {
        read(source, 0, MIB);
      }
    }
    until(() -> store.figures().inFlight() == 0);
    assertEquals(5, store.objects());
    store.resize(1);
    // the last chunk that stays
    assertEquals(1, store.objects());
  }

  @Test
  void anObjectThatFailedIsForgottenWithItsFailure() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(20 * MIB, 34));
    fake.fails((request, served, cancellation) -> {
      throw new StoreDeniedException("403");
    });
    for (Duration kept : List.of(Duration.ofHours(1), Duration.ofMillis(1))) {
      int before = fake.requests.size();
      ChunkStore store = store(SETTINGS.withRetries(QUICK.keepingFailures(kept), kept));
      try (Source source = store.open(version)) {
        assertThrows(StoreDeniedException.class, () -> read(source, 0, 4 * KIB));
      }
      until(() -> store.figures().inFlight() == 0);
      if (kept.toHours() > 0) {
        try (Source source = store.open(version)) {
          assertThrows(StoreDeniedException.class, () -> read(source, 0, 4 * KIB));
        }
        assertEquals(before + 1, fake.requests.size());
        assertEquals(1, store.objects());
      } else {
        ObjectVersion other = fake.put("b", FakeStore.bytes(MIB, 35));
        until(() -> {
          try (Source source = store.open(other)) {
            return source.size() == MIB && store.objects() == 1;
          } catch (IOException e) {
            return false;
          }
        });
        assertEquals(0, store.objects());
      }
    }
  }

  @Test
  void aReplacedObjectIsForgottenOnceItIsNotListedAnyMore() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(20 * MIB, 36));
    ChunkStore store = store(SETTINGS);
    try (Source source = store.open(version)) {
      read(source, 0, 4 * KIB);
      until(() -> store.figures().inFlight() == 0);
      fake.put("a", FakeStore.bytes(20 * MIB, 37));
      assertThrows(StaleSourceException.class, () -> read(source, 10 * MIB, 4 * KIB));
      store.admit(any -> false);
      assertThrows(StaleSourceException.class, () -> store.open(version));
      // what was fetched stays for those who have it open
      assertEquals(4 * KIB, read(source, 0, 4 * KIB).length);
      assertEquals(1, store.objects());
    }
    assertThrows(StaleSourceException.class, () -> store.open(version));
    store.admit(any -> false);
    // the request that found it replaced may still be at its last chunk
    until(() -> store.objects() == 0 && store.figures().memoryBytes() == 0);
  }

  @Test
  void emptyObjectsAndObjectsOfOneChunkAreRead() throws Exception {
    ObjectVersion empty = fake.put("empty", new byte[0]);
    byte[] bytes = FakeStore.bytes(256 * KIB, 24);
    ObjectVersion exact = fake.put("exact", bytes);
    ChunkStore store = store(SETTINGS);
    try (Source none = store.open(empty);
        Source one = store.open(exact)) {
      assertEquals(0, none.read(0, ByteBuffer.allocate(10)));
      assertEquals(0, fake.requests.size());
      assertArrayEquals(bytes, read(one, 0, MIB));
      assertEquals(0, read(one, 256 * KIB, 10).length);
      assertEquals(1, fake.requests.size());
    }
  }

  @Test
  void twoReadersInSequenceOnOneDescriptorFetchEachByteOnce() throws Exception {
    byte[] bytes = FakeStore.bytes(64 * MIB, 25);
    ObjectVersion version = fake.put("a", bytes);
    try (Source source = store(SETTINGS).open(version);
        ExecutorService readers = Executors.newCachedThreadPool()) {
      List<Callable<Boolean>> halves = new ArrayList<>();
      for (int half = 0; half < 2; half++) {
        int from = half * 32 * MIB;
        halves.add(() -> {
          for (int offset = from; offset < from + 32 * MIB; offset += 128 * KIB) {
            byte[] got = read(source, offset, 128 * KIB);
            if (!Arrays.equals(bytes, offset, offset + 128 * KIB, got, 0, got.length)) {
              return false;
            }
          }
          return true;
        });
      }
      for (Future<Boolean> half : readers.invokeAll(halves)) {
        assertTrue(half.get());
      }
    }
    assertTrue(fake.bytesServed.get() <= bytes.length * 1.01, "fetched " + fake.bytesServed);
  }

  @Test
  void anEndThatIsExpectedComesWithTheFirstRead() throws Exception {
    byte[] bytes = FakeStore.bytes(20 * MIB + 200 * KIB, 31);
    ObjectVersion version = fake.put("a", bytes);
    try (Source source = store(SETTINGS).open(version)) {
      source.expectEnd();
      assertEquals(0, fake.requests.size(), "nothing is read yet");
      read(source, 0, 4 * KIB);
      until(() -> fake.requests.size() == 2);
      assertEquals(
          List.of(0L, 20L * MIB - ChunkGrid.CHUNK_BYTES),
          fake.requests.stream().map(one -> one.offset()).sorted().toList());
      read(source, bytes.length - 22, 22);
      read(source, bytes.length - 256 * KIB, 64 * KIB);
      read(source, 100, 4 * KIB);
      assertEquals(2, fake.requests.size());
    }
  }

  @Test
  void whatFollowsTheStartIsOrderedWithTheFirstReadWhereItIsExpected() throws Exception {
    byte[] bytes = FakeStore.bytes(20 * MIB, 34);
    ObjectVersion version = fake.put("a", bytes);
    ChunkStore store = store(SETTINGS);
    for (int opened = 0; opened < 2; opened++) {
      try (Source source = store.open(version)) {
        source.expectStart();
        assertArrayEquals(Arrays.copyOf(bytes, 18), read(source, 0, 18));
        until(() -> store.figures().inFlight() == 0 && fake.requests.size() == 8);
        assertArrayEquals(Arrays.copyOfRange(bytes, 5 * MIB, 6 * MIB), read(source, 5 * MIB, MIB));
      }
    }
    assertEquals(
        8, fake.requests.size(), "a megabyte each, and not once more when it is opened anew");
    assertEquals(8L * MIB, fake.bytesServed.get());
  }

  @Test
  void whatFollowsTheStartIsNotOrderedForWhoReadsElsewhereOrWhereNothingIsFetchedAhead()
      throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(20 * MIB, 35));
    for (int i = 0; i < 2; i++) {
      ChunkStore store = store(i == 0 ? SETTINGS : SETTINGS.withPrefetchWindow(0));
      try (Source source = store.open(version)) {
        source.expectStart();
        read(source, i == 0 ? 9 * MIB : 0, 18);
        read(source, i == 0 ? 0 : 9 * MIB, 18);
        until(() -> store.figures().inFlight() == 0);
        assertEquals(2 * (i + 1), fake.requests.size());
      }
    }
  }

  @Test
  void aShortLastChunkBringsTheOneBeforeIt() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(20 * MIB + 18, 32));
    try (Source source = store(SETTINGS).open(version)) {
      source.expectEnd();
      read(source, 0, 4 * KIB);
      until(() -> fake.requests.size() == 2);
      assertEquals(
          ChunkGrid.CHUNK_BYTES + 18L,
          fake.requests.stream().mapToLong(one -> one.length()).min().orElse(0));
    }
  }

  @Test
  void anEndIsNotFetchedAheadWhereNothingIs() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(20 * MIB, 33));
    ChunkStore store = store(SETTINGS.withPrefetchWindow(0));
    try (Source source = store.open(version)) {
      source.expectEnd();
      read(source, 0, 4 * KIB);
      until(() -> store.figures().inFlight() == 0);
      assertEquals(1, fake.requests.size());
    }
  }

  @Test
  void bytesThatAreNotAuthenticAreFetchedAgainOnce() throws Exception {
    byte[] bytes = FakeStore.bytes(20 * MIB, 26);
    ObjectVersion version = fake.put("a", bytes);
    ChunkStore store = store(SETTINGS);
    try (Source source = store.open(version)) {
      read(source, 0, 4 * KIB);
      until(() -> store.figures().inFlight() == 0);
      assertEquals(1, fake.requests.size());
      assertTrue(source.distrust(0, 4 * KIB));
      assertArrayEquals(Arrays.copyOf(bytes, 4 * KIB), read(source, 0, 4 * KIB));
      assertEquals(2, fake.requests.size());
      until(() -> store.figures().inFlight() == 0);
      // one more who read the first bytes finds what is there now; the store is not asked again
      assertTrue(source.distrust(0, 4 * KIB));
      assertArrayEquals(Arrays.copyOf(bytes, 4 * KIB), read(source, 0, 4 * KIB));
      assertEquals(2, fake.requests.size());
    }
  }

  @Test
  void closingEndsThoseWhoWait() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(20 * MIB, 27));
    CountDownLatch never = new CountDownLatch(1);
    fake.fails((request, served, cancellation) -> FakeStore.await(never, cancellation));
    ChunkStore store = store(SETTINGS);
    try (Source source = store.open(version);
        ExecutorService readers = Executors.newCachedThreadPool()) {
      Future<byte[]> waiting = readers.submit(() -> read(source, 0, 4 * KIB));
      until(() -> fake.requests.size() == 1);
      store.close();
      Throwable failure =
          assertThrows(java.util.concurrent.ExecutionException.class, waiting::get).getCause();
      assertInstanceOf(StorageException.class, failure);
      assertThrows(StorageException.class, () -> read(source, 0, 1));
    }
  }

  @Test
  void whatNobodyWantsAnyMoreIsNotFetched() throws Exception {
    ObjectVersion version = fake.put("a", FakeStore.bytes(120 * MIB, 28));
    CountDownLatch never = new CountDownLatch(1);
    fake.fails((request, served, cancellation) -> {
      if (request.offset() >= MIB) {
        FakeStore.await(never, cancellation);
      }
    });
    ChunkStore store = store(SETTINGS);
    try (Source source = store.open(version)) {
      for (int i = 0; i < 3; i++) {
        read(source, i * 128L * KIB, 128 * KIB);
      }
      until(() -> allPlacesAheadAreTaken(store));
    }
    until(() -> store.figures().inFlight() == 0);
    assertEquals(MIB, store.figures().memoryBytes());
  }

  @Test
  void noMoreRequestsThanConnectionsAreMade() throws Exception {
    byte[] bytes = FakeStore.bytes(64 * MIB, 29);
    ObjectVersion version = fake.put("a", bytes);
    try (Source source = store(SETTINGS.withMaxConnections(3)).open(version);
        ExecutorService readers = Executors.newCachedThreadPool()) {
      List<Future<byte[]>> results = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        long offset = i * 4L * MIB;
        results.add(readers.submit(() -> read(source, offset, 300 * KIB)));
      }
      for (Future<byte[]> result : results) {
        assertEquals(300 * KIB, result.get().length);
      }
    }
    assertTrue(fake.mostAtATime.get() <= 3, "at a time " + fake.mostAtATime);
  }
}
