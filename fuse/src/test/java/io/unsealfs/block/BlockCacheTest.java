package io.unsealfs.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class BlockCacheTest {
  private static final int EXTENT = 64 << 10;

  /** Loads extents of one length filled with their index + 1, after running a hook. */
  private static final class CountingLoader implements ExtentLoader {
    final AtomicInteger loads = new AtomicInteger();
    final AtomicReference<byte @Nullable []> lastArray = new AtomicReference<>();
    private final int length;
    private volatile Callable<?> hook = () -> "";

    CountingLoader(int length) {
      this.length = length;
    }

    void beforeReturning(Callable<?> newHook) {
      hook = newHook;
    }

    @Override
    public int plaintextLength(long extentIndex) {
      return length;
    }

    @Override
    public @Nullable BlockDamage load(long extentIndex, byte[] plaintext) throws IOException {
      loads.incrementAndGet();
      lastArray.set(plaintext);
      Arrays.fill(plaintext, (byte) (extentIndex + 1));
      try {
        hook.call();
      } catch (IOException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new AssertionError(e);
      }
      return null;
    }
  }

  private final CountingLoader loader = new CountingLoader(EXTENT);

  private static BlockKey key(long extentIndex) {
    return new BlockKey(7, extentIndex);
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static void awaitJoined(BlockCache cache, long readers) {
    while (cache.figures().joinedLoads() < readers) {
      Thread.onSpinWait();
    }
  }

  @Nested
  class Loading {

    @Test
    void manyReadersOfOneExtentCauseOneLoad() throws Exception {
      int readers = 16;
      try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
          ExecutorService threads = Executors.newFixedThreadPool(readers)) {
        loader.beforeReturning(() -> {
          awaitJoined(cache, readers - 1);
          return "";
        });
        List<Future<byte[]>> results = new ArrayList<>();
        for (int i = 0; i < readers; i++) {
          results.add(
              threads.submit(() -> {
                Extent extent = cache.get(key(3), loader);
                byte[] copy = extent.plaintext().clone();
                extent.unpin();
                return copy;
              }));
        }
        for (Future<byte[]> result : results) {
          assertArrayEquals(filled(EXTENT, 4), result.get());
        }
        assertEquals(1, loader.loads.get());
        assertEquals(1, cache.figures().misses());
        assertEquals(readers - 1, cache.figures().joinedLoads());
      }
    }

    @Test
    void aFailedLoadFailsItsWaitersAndIsNotRemembered() throws Exception {
      try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
          ExecutorService threads = Executors.newFixedThreadPool(3)) {
        loader.beforeReturning(() -> {
          awaitJoined(cache, 2);
          throw new IOException("disk on fire");
        });
        List<Future<Extent>> results = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          results.add(threads.submit(() -> cache.get(key(0), loader)));
        }
        for (Future<Extent> result : results) {
          ExecutionException e = assertThrows(ExecutionException.class, result::get);
          IOException cause = assertInstanceOf(IOException.class, e.getCause());
          assertEquals("disk on fire", cause.getMessage());
        }
        assertEquals(1, loader.loads.get());
        assertArrayEquals(new byte[EXTENT], loader.lastArray.get(), "half-made plaintext wiped");
        assertEquals(0, cache.figures().bytesHeld());

        loader.beforeReturning(() -> "");
        Extent extent = cache.get(key(0), loader);
        assertArrayEquals(filled(EXTENT, 1), extent.plaintext());
        extent.unpin();
      }
    }

    @Test
    void waitersOfALoaderThatDiesAreNotLeftHanging() throws Exception {
      try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
          ExecutorService threads = Executors.newFixedThreadPool(2)) {
        loader.beforeReturning(() -> {
          awaitJoined(cache, 1);
          throw new StackOverflowError();
        });
        Future<Extent> first = threads.submit(() -> cache.get(key(0), loader));
        Future<Extent> second = threads.submit(() -> cache.get(key(0), loader));
        List<Throwable> causes = new ArrayList<>();
        for (Future<Extent> result : List.of(first, second)) {
          Throwable cause = assertThrows(ExecutionException.class, result::get).getCause();
          causes.add(cause);
        }
        assertTrue(causes.stream().anyMatch(StackOverflowError.class::isInstance));
        assertTrue(causes.stream().anyMatch(IOException.class::isInstance));
      }
    }

    @Test
    void anInterruptedWaiterLeavesAndTheLoadGoesOn() throws Exception {
      try (BlockCache cache = new BlockCache(0, EXTENT);
          ExecutorService threads = Executors.newFixedThreadPool(1)) {
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch mayFinish = new CountDownLatch(1);
        loader.beforeReturning(() -> {
          loading.countDown();
          mayFinish.await();
          return "";
        });
        Future<Extent> result = threads.submit(() -> cache.get(key(0), loader));
        loading.await();
        Thread.currentThread().interrupt();
        assertThrows(InterruptedIOException.class, () -> cache.get(key(0), loader));
        assertTrue(Thread.interrupted(), "the interrupt is kept for the caller");
        mayFinish.countDown();
        Extent extent = result.get();
        assertArrayEquals(filled(EXTENT, 1), extent.plaintext());
        extent.unpin();
        assertEquals(0, cache.figures().bytesHeld(), "the waiter left no hold behind");
      }
    }

    @Test
    void aWaiterLoadsItselfWhereTheLoaderWasInterrupted() throws Exception {
      try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
          ExecutorService threads = Executors.newFixedThreadPool(1)) {
        CountDownLatch loading = new CountDownLatch(1);
        CountingLoader interrupted = new CountingLoader(EXTENT);
        interrupted.beforeReturning(() -> {
          loading.countDown();
          awaitJoined(cache, 1);
          throw new InterruptedIOException("stopped");
        });
        Future<Extent> first = threads.submit(() -> cache.get(key(0), interrupted));
        loading.await();
        Extent extent = cache.get(key(0), loader);
        assertArrayEquals(filled(EXTENT, 1), extent.plaintext());
        extent.unpin();
        assertThrows(ExecutionException.class, first::get);
      }
    }
  }

  @Nested
  class Room {

    @Test
    void anExtentLargerThanTheCacheIsServedAndNotKept() throws IOException {
      try (BlockCache cache = new BlockCache(EXTENT - 1, EXTENT)) {
        for (int i = 0; i < 3; i++) {
          Extent extent = cache.get(key(5), loader);
          assertArrayEquals(filled(EXTENT, 6), extent.plaintext());
          extent.unpin();
        }
        assertEquals(3, loader.loads.get());
        assertEquals(0, cache.figures().bytesHeld());
      }
    }

    @Test
    void theBytesHeldNeverExceedTheCapacityWhenNobodyReads() throws IOException {
      try (BlockCache cache = new BlockCache(3 * EXTENT + 5, EXTENT)) {
        for (int i = 0; i < 100; i++) {
          cache.get(key(i), loader).unpin();
          assertTrue(cache.figures().bytesHeld() <= 3 * EXTENT);
        }
        assertEquals(3 * EXTENT, cache.figures().bytesHeld());
        assertEquals(97, cache.figures().evictions());
      }
    }

    @Test
    void aSmallFileTakesItsOwnSizeOnly() throws IOException {
      try (BlockCache cache = new BlockCache(EXTENT, EXTENT)) {
        CountingLoader small = new CountingLoader(100);
        for (int i = 0; i < 50; i++) {
          cache.get(key(i), small).unpin();
        }
        assertEquals(50 * 100, cache.figures().bytesHeld());
        assertEquals(0, cache.figures().evictions());
      }
    }

    @Test
    void aHitIsCountedAndLoadsNothing() throws IOException {
      try (BlockCache cache = new BlockCache(2 * EXTENT, EXTENT)) {
        Extent first = cache.get(key(0), loader);
        Extent second = cache.get(key(0), loader);
        assertSame(first, second);
        assertEquals(1, cache.figures().hits());
        assertEquals(1, loader.loads.get());
        first.unpin();
        second.unpin();
      }
    }
  }

  @Nested
  class Wiping {

    @Test
    void anEvictedExtentIsWipedAtOnceWhereNobodyReadsIt() throws IOException {
      try (BlockCache cache = new BlockCache(EXTENT, EXTENT)) {
        Extent extent = cache.get(key(0), loader);
        byte[] array = extent.plaintext();
        extent.unpin();
        assertArrayEquals(filled(EXTENT, 1), array, "still cached");
        Extent next = cache.get(key(1), loader);
        // which of the two is kept is the policy's choice; with both let go, one must be wiped
        byte[] nextArray = next.plaintext();
        next.unpin();
        boolean firstGone = !cache.contains(key(0));
        assertTrue(firstGone != !cache.contains(key(1)), "room for one");
        assertArrayEquals(new byte[EXTENT], firstGone ? array : nextArray);
      }
    }

    @Test
    void anEvictedExtentIsKeptForItsReaderAndWipedByTheLast() throws IOException {
      try (BlockCache cache = new BlockCache(EXTENT, EXTENT)) {
        Extent extent = cache.get(key(0), loader);
        assertTrue(extent.tryPin(), "a second reader");
        for (int i = 1; cache.contains(key(0)); i++) {
          cache.get(key(i), loader).unpin();
        }
        assertArrayEquals(filled(EXTENT, 1), extent.plaintext());
        extent.unpin();
        assertArrayEquals(filled(EXTENT, 1), extent.plaintext());
        extent.unpin();
        assertArrayEquals(new byte[EXTENT], extent.plaintext());
        assertFalse(extent.tryPin(), "a wiped extent cannot be held again");
      }
    }

    @Test
    void closeWipesWhatNobodyReadsAndTheReaderTheRest() throws IOException {
      BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
      Extent unread = cache.get(key(0), loader);
      unread.unpin();
      Extent read = cache.get(key(1), loader);
      cache.close();
      assertArrayEquals(new byte[EXTENT], unread.plaintext());
      assertArrayEquals(filled(EXTENT, 2), read.plaintext());
      assertEquals(EXTENT, cache.figures().bytesHeld());
      read.unpin();
      assertArrayEquals(new byte[EXTENT], read.plaintext());
      assertEquals(0, cache.figures().bytesHeld());
      assertThrows(IOException.class, () -> cache.get(key(2), loader));
      assertEquals(2, loader.loads.get());
      cache.close();
    }

    @Test
    void aLoadThatEndsAfterCloseIsNotKept() throws IOException {
      BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
      loader.beforeReturning(() -> {
        cache.close();
        return "";
      });
      Extent extent = cache.get(key(0), loader);
      assertArrayEquals(filled(EXTENT, 1), extent.plaintext());
      extent.unpin();
      assertArrayEquals(new byte[EXTENT], extent.plaintext());
      assertFalse(cache.contains(key(0)));
      assertEquals(0, cache.figures().bytesHeld());
    }

    @Test
    void aWipedArrayIsUsedAgain() throws IOException {
      try (BlockCache cache = new BlockCache(0, EXTENT)) {
        Extent first = cache.get(key(0), loader);
        first.unpin();
        Extent second = cache.get(key(1), loader);
        assertSame(first.plaintext(), second.plaintext());
        second.unpin();
      }
    }
  }

  @Test
  void sixteenReadersOfATwoExtentCacheNeverSeeAWrongByte() throws Exception {
    int size = 11 * EXTENT + 12345;
    ToyCipher cipher = new ToyCipher(new BlockLayout(18, 4096, 32));
    byte[] stored = cipher.encrypt(ToyCipher.plaintext(9, size));
    int readers = 16;
    try (BlockCache cache = new BlockCache(2 * EXTENT, EXTENT);
        DecryptingSource source =
            new DecryptingSource(new MemorySource(stored), cipher, size, 1, "f", cache);
        ExecutorService threads = Executors.newFixedThreadPool(readers)) {
      CountDownLatch start = new CountDownLatch(readers);
      List<Future<@Nullable String>> results = new ArrayList<>();
      for (int reader = 0; reader < readers; reader++) {
        Random random = new Random(reader);
        results.add(
            threads.submit(() -> {
              start.countDown();
              start.await();
              return readAtRandom(source, random, 400);
            }));
      }
      for (Future<@Nullable String> result : results) {
        assertNull(result.get());
      }
      assertTrue(cache.figures().evictions() > 100, "evictions were forced");
      assertTrue(cache.figures().bytesHeld() <= 2 * EXTENT);
    }
  }

  /** What went wrong, or null. */
  private static @Nullable String readAtRandom(DecryptingSource source, Random random, int reads)
      throws IOException {
    ByteBuffer dst = ByteBuffer.allocate(2 * EXTENT);
    for (int i = 0; i < reads; i++) {
      long offset = random.nextLong(source.size());
      int length = 1 + random.nextInt(dst.capacity());
      dst.clear().limit(length);
      int expected = (int) Math.min(length, source.size() - offset);
      int read = source.read(offset, dst);
      if (read != expected) {
        return "read " + read + " of " + expected + " at " + offset;
      }
      for (int j = 0; j < read; j++) {
        if (dst.get(j) != ToyCipher.plaintextAt(9, offset + j)) {
          return "wrong byte " + dst.get(j) + " at " + (offset + j);
        }
      }
    }
    return null;
  }
}
