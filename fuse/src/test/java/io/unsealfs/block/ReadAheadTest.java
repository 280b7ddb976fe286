package io.unsealfs.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReadAheadTest {
  private static final int REQUEST = 128 << 10;
  private static final int EXTENT = 128 << 10;
  private static final int WINDOW = 4 * EXTENT;
  private static final int SIZE = 20 * EXTENT + 1000;
  private static final ToyCipher CIPHER = new ToyCipher(new BlockLayout(0, 4096, 32));

  private byte[] plaintext = ToyCipher.plaintext(5, SIZE);
  private final MemorySource ciphertext = new MemorySource(CIPHER.encrypt(plaintext));
  private MemorySource large = ciphertext;
  private final Deque<Runnable> queued = new ArrayDeque<>();
  private BlockCache cache = new BlockCache(0, EXTENT);
  private DecryptingSource source = open(cache);

  @BeforeEach
  void openWithReadAhead() {
    cache = new BlockCache(100 * EXTENT, EXTENT, always(queued::add));
    source = open(cache);
  }

  /** Reads ahead whatever the pace. */
  private static ReadPolicy always(Executor executor) {
    return new ReadPolicy(new ReadAhead.Policy(executor, WINDOW, 0), false, 0);
  }

  @AfterEach
  void close() throws IOException {
    source.close();
    cache.close();
  }

  /** Goes on with a file so large that reads at random do not meet. */
  private void openLarge() throws IOException {
    source.close();
    plaintext = ToyCipher.plaintext(5, 100 * EXTENT);
    large = new MemorySource(CIPHER.encrypt(plaintext));
    source = new DecryptingSource(large, CIPHER, plaintext.length, 1, "f", cache);
  }

  private DecryptingSource open(BlockCache inCache) {
    return new DecryptingSource(ciphertext, CIPHER, SIZE, 1, "f", inCache);
  }

  private void read(long extent) throws IOException {
    readAt(extent * EXTENT, REQUEST);
  }

  private void readAt(long offset, int length) throws IOException {
    ByteBuffer dst = ByteBuffer.allocate(length);
    int read = source.read(offset, dst);
    assertArrayEquals(
        Arrays.copyOfRange(plaintext, (int) offset, (int) offset + read),
        Arrays.copyOf(dst.array(), read));
  }

  private void runQueued() {
    for (Runnable task = queued.poll(); task != null; task = queued.poll()) {
      task.run();
    }
  }

  private boolean cached(long extent) {
    return cache.contains(new BlockKey(1, extent));
  }

  @Test
  void sequentialReadsLoadTheWindowAhead() throws IOException {
    read(0);
    assertEquals(0, queued.size(), "one read is no sequence");
    read(1);
    runQueued();
    for (int extent = 2; extent < 6; extent++) {
      assertTrue(cached(extent), "extent " + extent);
    }
    assertFalse(cached(6), "the window is bounded");
    int loads = ciphertext.reads.get();
    read(2);
    assertEquals(loads, ciphertext.reads.get());
    runQueued();
    assertTrue(cached(6));
    assertFalse(cached(7));
  }

  @Test
  void aWholeFileReadInSequenceIsLoadedOnceAndNeverPastItsEnd() throws IOException {
    for (int extent = 0; extent <= 20; extent++) {
      read(extent);
      runQueued();
    }
    assertEquals(21, ciphertext.reads.get());
    assertEquals(0, cache.figures().wastedReadAhead());
  }

  @Test
  void aScanThroughACacheFullOfHotExtentsLoadsNothingTwice() throws IOException {
    try (BlockCache small = new BlockCache(24 * EXTENT, EXTENT, always(queued::add))) {
      MemorySource hotCiphertext = new MemorySource(CIPHER.encrypt(plaintext));
      try (DecryptingSource hot =
          new DecryptingSource(hotCiphertext, CIPHER, SIZE, 2, "hot", small)) {
        for (int round = 0; round < 20; round++) {
          for (int extent = 0; extent < 18; extent++) {
            hot.read((long) extent * EXTENT, ByteBuffer.allocate(REQUEST));
          }
        }
        queued.clear();
        source = open(small);
        for (int extent = 0; extent <= 20; extent++) {
          read(extent);
          runQueued();
        }
        assertEquals(21, ciphertext.reads.get());
        assertEquals(0, small.figures().wastedReadAhead());
      }
    }
  }

  @Test
  void extentsLoadedAheadForNobodyMakeRoomForOthersAndAreWasted() throws IOException {
    try (BlockCache small = new BlockCache(16 * EXTENT, EXTENT, always(queued::add))) {
      source = open(small);
      for (int start : new int[] {0, 10, 4, 14}) {
        read(start);
        read(start + 1);
        runQueued();
      }
      assertTrue(small.figures().wastedReadAhead() > 0);
      assertTrue(small.figures().bytesHeld() <= 16L * EXTENT);
    }
  }

  @Test
  void requestsSlightlyOutOfOrderAreStillASequence() throws IOException {
    for (int extent : new int[] {1, 0, 3, 2, 5, 4}) {
      read(extent);
      runQueued();
    }
    assertTrue(cached(9));
  }

  @Test
  void smallSequentialReadsCount() throws IOException {
    for (int offset = 0; offset < 3 * EXTENT; offset += 4096) {
      readAt(offset, 4096);
      runQueued();
    }
    assertTrue(cached(6));
  }

  @Test
  void randomReadsLoadNothingAhead() throws IOException {
    openLarge();
    for (int extent : new int[] {70, 3, 40, 95, 20, 55, 85, 10, 30}) {
      read(extent);
    }
    assertEquals(0, queued.size());
  }

  @Test
  void readsOfTheSamePlaceLoadNothingAhead() throws IOException {
    for (int i = 0; i < 200; i++) {
      readAt((i * 37 % 64) * 4096L, 4096);
    }
    assertEquals(0, queued.size());
  }

  @Test
  void aSequenceGivenUpForOthersDropsWhatIsStillQueued() throws IOException {
    openLarge();
    read(0);
    read(1);
    assertEquals(4, queued.size());
    for (int extent : new int[] {20, 40, 60, 80}) {
      read(extent);
    }
    runQueued();
    assertFalse(cached(2));
    assertEquals(6, large.reads.get());
  }

  @Test
  void twoAlternatingSequencesAreBothReadAhead() throws IOException {
    openLarge();
    for (int i = 0; i < 10; i++) {
      read(i);
      read(50 + i);
      runQueued();
    }
    assertTrue(cached(13));
    assertTrue(cached(63));
    assertEquals(28, large.reads.get(), "each extent once, and the windows");
    assertEquals(0, cache.figures().wastedReadAhead());
  }

  @Test
  void aSourceThatBringsBytesCloserIsAskedInsteadOfRead() throws IOException {
    ciphertext.takesHints();
    read(0);
    read(1);
    read(2);
    assertEquals(0, queued.size());
    assertEquals(List.of(2 * EXTENT / 4096 * 4128L, 6 * EXTENT / 4096 * 4128L), ciphertext.hints);
  }

  @Test
  void aFastSourceIsNotReadAhead() throws IOException {
    try (BlockCache fast =
        new BlockCache(
            100 * EXTENT,
            EXTENT,
            new ReadPolicy(new ReadAhead.Policy(queued::add, WINDOW, 1e9), false, 0))) {
      source.close();
      source =
          new DecryptingSource(
              new MemorySource(CIPHER.encrypt(plaintext)), CIPHER, SIZE, 1, "f", fast);
      for (int extent = 0; extent <= 20; extent++) {
        read(extent);
      }
      assertEquals(0, queued.size());
    }
  }

  @Test
  void aWholeExtentLoadedAheadIsDroppedWhenItWasRead() throws IOException {
    read(0);
    read(1);
    runQueued();
    assertTrue(cached(2));
    read(2);
    assertFalse(cached(2));
    assertEquals(4L * EXTENT - EXTENT, cache.figures().bytesHeld());
  }

  @Test
  void closingTheFileDropsWhatIsStillQueued() throws IOException {
    read(0);
    read(1);
    source.close();
    runQueued();
    assertFalse(cached(2));
    assertEquals(2, ciphertext.reads.get());
  }

  @Test
  void aRejectingExecutorIsNotNoticedByTheReader() throws IOException {
    assertNotNoticed(task -> {
      throw new RejectedExecutionException("full");
    });
  }

  @Test
  void anExecutorWithoutAThreadToBeHadIsNotNoticedByTheReader() throws IOException {
    assertNotNoticed(task -> {
      throw new OutOfMemoryError("unable to create native thread");
    });
  }

  private void assertNotNoticed(Executor executor) throws IOException {
    try (BlockCache rejecting = new BlockCache(100 * EXTENT, EXTENT, always(executor))) {
      source.close();
      source =
          new DecryptingSource(
              new MemorySource(CIPHER.encrypt(plaintext)), CIPHER, SIZE, 1, "f", rejecting);
      for (int extent = 0; extent <= 20; extent++) {
        read(extent);
      }
      assertEquals(21, rejecting.figures().bypassedReads());
    }
  }

  @Test
  void aCacheTooSmallForAWindowIsNotReadAheadInto() throws IOException {
    try (BlockCache small = new BlockCache(2 * EXTENT, EXTENT, always(queued::add))) {
      source.close();
      source =
          new DecryptingSource(
              new MemorySource(CIPHER.encrypt(plaintext)), CIPHER, SIZE, 1, "f", small);
      for (int extent = 0; extent <= 20; extent++) {
        read(extent);
      }
      assertEquals(0, queued.size());
    }
  }

  @Test
  void whatWasLoadedAheadAndNeverReadIsCountedAsWasted() throws IOException {
    read(0);
    read(1);
    runQueued();
    read(2);
    source.close();
    cache.close();
    assertEquals(3, cache.figures().wastedReadAhead());
  }

  @Test
  void aReaderWaitingForAFailingLoadAheadLoadsTheExtentItself() throws Exception {
    read(0);
    read(1);
    CountDownLatch loading = new CountDownLatch(1);
    ciphertext.beforeRead((offset, length) -> {
      ciphertext.beforeRead((o, l) -> {});
      loading.countDown();
      while (cache.figures().joinedLoads() == 0) {
        Thread.onSpinWait();
      }
      throw new IOException("only this once");
    });
    try (ExecutorService threads = Executors.newFixedThreadPool(1)) {
      Future<?> ahead = threads.submit(queued.remove());
      loading.await();
      read(2);
      ahead.get();
    }
    assertFalse(cached(2), "nobody waits for it any more");
  }
}
