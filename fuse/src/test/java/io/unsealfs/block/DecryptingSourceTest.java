package io.unsealfs.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class DecryptingSourceTest {
  private static final int BLOCK = 4096;
  private static final int EXTENT = 8 * BLOCK;
  // two full extents and one of two full blocks and a short one
  private static final int SIZE = 2 * EXTENT + 2 * BLOCK + 77;
  private static final int BLOCKS = 19;
  private static final BlockLayout LAYOUT = new BlockLayout(18, BLOCK, 32);
  private static final ToyCipher CIPHER = new ToyCipher(LAYOUT);

  private final byte[] plaintext = ToyCipher.plaintext(3, SIZE);
  private final byte[] stored = CIPHER.encrypt(plaintext);

  private static DecryptingSource open(MemorySource ciphertext, BlockCache cache) {
    return new DecryptingSource(ciphertext, CIPHER, SIZE, 1, "dir/file", cache);
  }

  private static byte[] read(DecryptingSource source, long offset, int length) throws IOException {
    ByteBuffer dst = ByteBuffer.allocate(length);
    int read = source.read(offset, dst);
    assertEquals(dst.position(), read);
    return Arrays.copyOf(dst.array(), read);
  }

  private byte[] expected(int from, int to) {
    return Arrays.copyOfRange(plaintext, from, to);
  }

  @Test
  void aRangeIsPreloadedWithTheExtentsItTouches() throws IOException {
    try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
        DecryptingSource source = open(new MemorySource(stored), cache)) {
      assertTrue(source.preload(5, 0, bytes -> false), "nothing to do");
      assertEquals(SIZE, cache.reserve(SIZE));
      assertTrue(source.preload(EXTENT - 1, 2, bytes -> true));
      assertEquals(2L * EXTENT, cache.figures().preloadedBytes());
      assertTrue(source.preload(2 * EXTENT, SIZE - 2 * EXTENT, bytes -> true));
      assertEquals(SIZE, cache.figures().preloadedBytes());
    }
  }

  @Nested
  class Damage {

    @Test
    void ofOneBlockFailsTheReadsThatTouchItAndNoOthers() throws IOException {
      for (int bad = 0; bad < BLOCKS; bad++) {
        byte[] damaged = stored.clone();
        int storedAt = 18 + bad * (BLOCK + 32);
        damaged[storedAt + 40] ^= 1;
        try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
            DecryptingSource source = open(new MemorySource(damaged), cache)) {
          for (int block = 0; block < BLOCKS; block++) {
            int from = block * BLOCK;
            int to = Math.min(SIZE, from + BLOCK);
            if (block == bad) {
              IntegrityException e =
                  assertThrows(IntegrityException.class, () -> read(source, from, 1));
              assertEquals("dir/file", e.location());
              assertEquals(storedAt, e.ciphertextOffset());
              assertEquals(
                  "dir/file: damaged at ciphertext offset " + storedAt + ": " + ToyCipher.PROBLEM,
                  e.getMessage());
              assertThrows(IntegrityException.class, () -> read(source, to - 1, 1));
            } else {
              assertArrayEquals(expected(from, to), read(source, from, to - from));
            }
          }
          int from = bad * BLOCK;
          int to = Math.min(SIZE, from + BLOCK);
          if (from > 0) {
            assertArrayEquals(expected(0, 0), read(source, from, 0));
            assertThrows(IntegrityException.class, () -> read(source, from - 1, 2));
          }
          if (to < SIZE) {
            assertThrows(IntegrityException.class, () -> read(source, to - 1, 2));
          }
        }
      }
    }

    @Test
    void leavesThePositionOfTheBufferWhereItWas() throws IOException {
      byte[] damaged = stored.clone();
      damaged[18 + 9 * (BLOCK + 32)] ^= 1;
      try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
          DecryptingSource source = open(new MemorySource(damaged), cache)) {
        ByteBuffer dst = ByteBuffer.allocate(SIZE).position(5);
        assertThrows(IntegrityException.class, () -> source.read(0, dst));
        assertEquals(5, dst.position());
      }
    }

    @Test
    void ofTwoBlocksNamesTheFirstOneThatTheReadTouches() throws IOException {
      byte[] damaged = stored.clone();
      damaged[18 + 2 * (BLOCK + 32)] ^= 1;
      damaged[18 + 5 * (BLOCK + 32)] ^= 1;
      try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
          DecryptingSource source = open(new MemorySource(damaged), cache)) {
        IntegrityException e =
            assertThrows(IntegrityException.class, () -> read(source, 3 * BLOCK, 4 * BLOCK));
        assertEquals(18 + 5 * (BLOCK + 32), e.ciphertextOffset());
      }
    }

    @Test
    void byTruncationFailsTheMissingBlocksAndServesTheOthers() throws IOException {
      byte[] truncated = Arrays.copyOf(stored, 18 + 17 * (BLOCK + 32) - 1);
      try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
          DecryptingSource source = open(new MemorySource(truncated), cache)) {
        assertArrayEquals(expected(0, 16 * BLOCK), read(source, 0, 16 * BLOCK));
        for (int block = 16; block < BLOCKS; block++) {
          int offset = block * BLOCK;
          assertThrows(IntegrityException.class, () -> read(source, offset, 1));
        }
      }
    }

    @Test
    void ofALayerBelowIsConfinedToItsBlocks() throws IOException {
      MemorySource ciphertext = new MemorySource(stored);
      int badAt = 18 + 3 * (BLOCK + 32) + 100;
      ciphertext.beforeRead((offset, length) -> {
        if (offset <= badAt && badAt < offset + length) {
          throw new IntegrityException("image", 123, "hash mismatch");
        }
      });
      try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
          DecryptingSource source = open(ciphertext, cache)) {
        assertArrayEquals(expected(0, 3 * BLOCK), read(source, 0, 3 * BLOCK));
        assertArrayEquals(expected(4 * BLOCK, SIZE), read(source, 4 * BLOCK, SIZE));
        IntegrityException e =
            assertThrows(IntegrityException.class, () -> read(source, 3 * BLOCK, 1));
        assertEquals("hash mismatch", e.problem());
      }
    }
  }

  @Test
  void aFailingStorageFailsTheReadAsItIsAndTheNextReadTriesAgain() throws IOException {
    MemorySource ciphertext = new MemorySource(stored);
    StorageException failure = new StorageException("bucket gone");
    ciphertext.beforeRead((offset, length) -> {
      throw failure;
    });
    try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
        DecryptingSource source = open(ciphertext, cache)) {
      assertEquals(failure, assertThrows(StorageException.class, () -> read(source, 0, 10)));
      ciphertext.beforeRead((offset, length) -> {});
      assertArrayEquals(plaintext, read(source, 0, SIZE));
    }
  }

  @Test
  void aRequestOfWholeBlocksIsReadFromStorageInOnePieceAndNotKept() throws IOException {
    MemorySource ciphertext = new MemorySource(stored);
    try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
        DecryptingSource source = open(ciphertext, cache)) {
      assertArrayEquals(plaintext, read(source, 0, SIZE));
      assertArrayEquals(expected(BLOCK, 3 * BLOCK), read(source, BLOCK, 2 * BLOCK));
      assertEquals(2, ciphertext.reads.get());
      assertEquals(0, cache.figures().bytesHeld());
      assertEquals(2, cache.figures().bypassedReads());
      assertEquals(SIZE + 2 * BLOCK, cache.figures().bypassedBytes());
    }
  }

  @Test
  void readsAtThePlaintextEndAreShortAndPastItEmpty() throws IOException {
    try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
        DecryptingSource source = open(new MemorySource(stored), cache)) {
      assertArrayEquals(expected(SIZE - 10, SIZE), read(source, SIZE - 10, 100));
      assertEquals(0, read(source, SIZE, 100).length);
      assertEquals(0, read(source, Long.MAX_VALUE, 100).length);
      assertThrows(IllegalArgumentException.class, () -> read(source, -1, 1));
    }
  }

  @Test
  void anEmptyFileIsNeverReadFromStorage() throws IOException {
    MemorySource ciphertext = new MemorySource(new byte[0]);
    try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
        DecryptingSource source = new DecryptingSource(ciphertext, CIPHER, 0, 1, "f", cache)) {
      assertEquals(0, read(source, 0, 100).length);
      assertEquals(0, ciphertext.reads.get());
    }
  }

  @Test
  void filesOfOneCacheAreKeptApart() throws IOException {
    byte[] other = ToyCipher.plaintext(4, SIZE);
    try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
        DecryptingSource first = open(new MemorySource(stored), cache);
        DecryptingSource second =
            new DecryptingSource(
                new MemorySource(CIPHER.encrypt(other)), CIPHER, SIZE, 2, "g", cache)) {
      assertArrayEquals(plaintext, read(first, 0, SIZE));
      assertArrayEquals(other, read(second, 0, SIZE));
      assertArrayEquals(plaintext, read(first, 0, SIZE));
    }
  }

  @Test
  void aClosedSourceServesNothingNotEvenWhatIsCached() throws IOException {
    MemorySource ciphertext = new MemorySource(stored);
    try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT)) {
      DecryptingSource source = open(ciphertext, cache);
      try (source) {
        assertArrayEquals(plaintext, read(source, 0, SIZE));
      }
      assertTrue(ciphertext.closed.get());
      assertThrows(ClosedChannelException.class, () -> read(source, 0, 1));
    }
  }

  @Test
  void closingDuringALoadClosesTheCiphertextWhenTheLoadIsDone() throws Exception {
    MemorySource ciphertext = new MemorySource(stored);
    CountDownLatch loading = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    ciphertext.beforeRead((offset, length) -> {
      loading.countDown();
      try {
        closed.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    });
    try (BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);
        ExecutorService threads = Executors.newFixedThreadPool(1)) {
      Future<byte[]> result;
      try (DecryptingSource source = open(ciphertext, cache)) {
        result = threads.submit(() -> read(source, 0, 10));
        loading.await();
      }
      assertFalse(ciphertext.closed.get());
      closed.countDown();
      assertArrayEquals(expected(0, 10), result.get());
      assertTrue(ciphertext.closed.get());
    }
  }
}
