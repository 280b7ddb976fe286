package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.block.IntegrityException;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.object.ObjectVersion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Chunks whose content is known beforehand: the right bytes, or none of the chunk. */
@Timeout(60)
class PinnedContentTest {
  private static final int CHUNK = ChunkGrid.CHUNK_BYTES;
  private static final int CHUNKS = 20;
  private static final int SIZE = CHUNKS * CHUNK - 1000;
  private static final RetryPolicy QUICK =
      new RetryPolicy(5, Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofSeconds(20))
          .keepingFailures(Duration.ZERO);
  private static final ChunkSettings SETTINGS =
      ChunkSettings.defaults(1L << 32, 1L << 31).withRetries(QUICK, Duration.ofHours(1));
  private static final ObjectVersion VERSION = ObjectVersion.anyOf("a", SIZE);

  @TempDir Path directory;
  private final FakeStore fake = new FakeStore();
  private final byte[] right = FakeStore.bytes(SIZE, 7);
  private final List<ChunkStore> stores = new ArrayList<>();

  @AfterEach
  void closeStores() {
    stores.forEach(ChunkStore::close);
  }

  private ChunkStore store() {
    ContentPin pin =
        (chunk, ciphertext) ->
            ByteBuffer.wrap(right, chunk * CHUNK, ciphertext.remaining()).equals(ciphertext);
    ChunkStore store = new ChunkStore(fake, SETTINGS, version -> Optional.of(pin));
    stores.add(store);
    return store;
  }

  private byte[] forged(int... chunks) {
    byte[] bytes = right.clone();
    for (int chunk : chunks) {
      bytes[chunk * CHUNK + 77] ^= 1;
    }
    return bytes;
  }

  private void assertRight(Source source, int chunk) throws IOException {
    int from = chunk * CHUNK;
    int to = Math.min(SIZE, from + CHUNK);
    ByteBuffer dst = ByteBuffer.allocate(to - from);
    assertEquals(to - from, source.read(from, dst));
    assertArrayEquals(Arrays.copyOfRange(right, from, to), dst.array(), "chunk " + chunk);
  }

  @Test
  void whatIsRightIsServedWhateverItsVersionIsCalled() throws Exception {
    fake.put("a", right);
    fake.put("a", right);
    try (Source source = store().open(VERSION)) {
      for (int chunk = 0; chunk < CHUNKS; chunk++) {
        assertRight(source, chunk);
      }
    }
    assertEquals(0, stores.getFirst().figures().distrusted());
    assertEquals(SIZE, fake.requests.stream().mapToLong(FakeStore.Request::length).sum());
  }

  @Test
  void aChangedChunkIsAnErrorAndItsNeighboursAreServed() throws Exception {
    fake.put("a", forged(3, 19));
    try (Source source = store().open(VERSION)) {
      for (int round = 0; round < 2; round++) {
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
          if (chunk == 3 || chunk == 19) {
            int at = chunk * CHUNK;
            ByteBuffer dst = ByteBuffer.allocate(10);
            IntegrityException e =
                assertThrows(IntegrityException.class, () -> source.read(at, dst));
            assertTrue(
                String.valueOf(e.getMessage())
                    .contains("chunk " + at / CHUNK + " is not what the manifest says"),
                e::getMessage);
            assertArrayEquals(new byte[10], dst.array());
          } else {
            assertRight(source, chunk);
          }
        }
      }
    }
  }

  @Test
  void aBadChunkOfARequestIsNoFaultOfTheOthers() throws Exception {
    fake.put("a", forged(3));
    CountDownLatch go = new CountDownLatch(1);
    fake.fails((request, served, cancellation) -> FakeStore.await(go, cancellation));
    try (Source source = store().open(VERSION);
        ExecutorService readers = Executors.newCachedThreadPool()) {
      // the object is fetched whole for the first of them, and the others wait for that
      List<Future<?>> reading = new ArrayList<>();
      for (int chunk : new int[] {2, 4, 10, 19}) {
        reading.add(
            readers.submit(() -> {
              assertRight(source, chunk);
              return null;
            }));
      }
      go.countDown();
      for (Future<?> each : reading) {
        each.get();
      }
    }
  }

  @Test
  void whatWasBadOnceIsAskedForAgain() throws Exception {
    fake.put("a", forged(0, 5));
    AtomicBoolean mended = new AtomicBoolean();
    fake.fails((request, served, cancellation) -> {
      if (request.number() > 1 && mended.compareAndSet(false, true)) {
        fake.put("a", right);
      }
    });
    try (Source source = store().open(VERSION)) {
      for (int chunk = 0; chunk < CHUNKS; chunk++) {
        assertRight(source, chunk);
      }
    }
    assertTrue(mended.get());
    assertEquals(1, stores.getFirst().figures().distrusted());
  }

  @Test
  void noPartOfAChunkIsServedBeforeAllOfItIsThere() throws Exception {
    fake.put("a", right);
    CountDownLatch go = new CountDownLatch(1);
    CountDownLatch halfway = new CountDownLatch(1);
    fake.fails((request, served, cancellation) -> {
      if (served > 0) {
        halfway.countDown();
        FakeStore.await(go, cancellation);
      }
    });
    try (Source source = store().open(VERSION);
        ExecutorService readers = Executors.newCachedThreadPool()) {
      Future<Integer> reading = readers.submit(() -> source.read(0, ByteBuffer.allocate(10)));
      halfway.await();
      assertFalse(reading.isDone());
      go.countDown();
      assertEquals(10, reading.get());
    }
  }

  @Test
  void aBadDiskCacheIsLookedPast() throws Exception {
    fake.put("a", right);
    try (DiskCache cache = cache()) {
      byte[] doctored = forged(1);
      assertTrue(
          cache.write(
              SegmentId.of(fake.location(), VERSION, 0), List.of(ByteBuffer.wrap(doctored))));
    }
    ChunkStore store = store();
    store.attach(cache());
    try (Source source = store.open(VERSION)) {
      for (int chunk = 0; chunk < CHUNKS; chunk++) {
        assertRight(source, chunk);
      }
    }
    assertEquals(1, store.figures().distrusted());
    assertEquals(SIZE, fake.requests.stream().mapToLong(FakeStore.Request::length).sum());
  }

  @Test
  void aGoodDiskCacheIsServed() throws Exception {
    try (DiskCache cache = cache()) {
      assertTrue(
          cache.write(SegmentId.of(fake.location(), VERSION, 0), List.of(ByteBuffer.wrap(right))));
    }
    ChunkStore store = store();
    store.attach(cache());
    try (Source source = store.open(VERSION)) {
      for (int chunk = 0; chunk < CHUNKS; chunk++) {
        assertRight(source, chunk);
      }
    }
    assertEquals(0, fake.requests.size());
  }

  @Test
  void sequencesAreNotReadStraightFromABadDiskCache() throws Exception {
    int size = 2 * ChunkGrid.SEGMENT_BYTES;
    byte[] bytes = FakeStore.bytes(size, 8);
    byte[] doctored = bytes.clone();
    doctored[ChunkGrid.SEGMENT_BYTES + 5 * CHUNK] ^= 1;
    ObjectVersion version = ObjectVersion.anyOf("large", size);
    fake.put("large", bytes);
    try (DiskCache cache = cache()) {
      for (int segment = 0; segment < 2; segment++) {
        int from = segment * ChunkGrid.SEGMENT_BYTES;
        assertTrue(
            cache.write(
                SegmentId.of(fake.location(), version, segment),
                List.of(ByteBuffer.wrap(doctored, from, ChunkGrid.SEGMENT_BYTES))));
      }
    }
    ChunkStore store =
        new ChunkStore(
            fake,
            SETTINGS,
            asked ->
                Optional.of((chunk, ciphertext) ->
                    ByteBuffer.wrap(bytes, chunk * CHUNK, ciphertext.remaining())
                        .equals(ciphertext)));
    stores.add(store);
    store.attachTrusted(cache());
    try (Source source = store.open(version)) {
      ByteBuffer dst = ByteBuffer.allocate(CHUNK / 2);
      for (int at = 0; at < size; at += CHUNK / 2) {
        assertEquals(CHUNK / 2, source.read(at, dst.clear()));
        assertArrayEquals(Arrays.copyOfRange(bytes, at, at + CHUNK / 2), dst.array());
      }
    }
  }

  private DiskCache cache() throws IOException {
    return DiskCache.open(directory, new DiskLimits(1L << 30, 0), Optional.empty(), warning -> {});
  }
}
