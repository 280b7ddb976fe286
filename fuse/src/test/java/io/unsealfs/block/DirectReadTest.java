package io.unsealfs.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What goes past the cache, and what goes into it. */
class DirectReadTest {
  private static final int BLOCK = 4096;
  private static final int EXTENT = 32 * BLOCK;
  private static final int SIZE = 10 * EXTENT;
  private static final ToyCipher CIPHER = new ToyCipher(new BlockLayout(18, BLOCK, 32));

  private final byte[] plaintext = ToyCipher.plaintext(2, SIZE);
  private final MemorySource ciphertext = new MemorySource(CIPHER.encrypt(plaintext));
  private final List<Integer> lengths = new ArrayList<>();

  private DecryptingSource open(BlockCache cache) {
    ciphertext.beforeRead((offset, length) -> lengths.add(length));
    return new DecryptingSource(ciphertext, CIPHER, SIZE, 1, "f", cache);
  }

  private void read(DecryptingSource source, long offset, int length) throws IOException {
    byte[] got = new byte[length];
    assertEquals(length, source.read(offset, ByteBuffer.wrap(got)));
    assertArrayEquals(Arrays.copyOfRange(plaintext, (int) offset, (int) offset + length), got);
  }

  @Test
  void scatteredSmallReadsCostTheBlocksTheyAskFor() throws IOException {
    try (BlockCache cache = new BlockCache(SIZE, EXTENT);
        DecryptingSource source = open(cache)) {
      for (int extent = 0; extent < 10; extent++) {
        read(source, extent * EXTENT + 5 * BLOCK, BLOCK);
      }
      // two extents may share a place in the filter, which only costs a mark
      assertEquals(10, lengths.size());
      assertTrue(lengths.stream().allMatch(length -> length == BLOCK + 32));
      assertEquals(0, cache.figures().bytesHeld());
    }
  }

  @Test
  void aSecondSmallReadInAnExtentLoadsItAndTheOthersFindIt() throws IOException {
    try (BlockCache cache = new BlockCache(SIZE, EXTENT);
        DecryptingSource source = open(cache)) {
      for (int block = 0; block < 32; block++) {
        read(source, (long) block * BLOCK, BLOCK);
      }
      assertEquals(List.of(BLOCK + 32, 32 * (BLOCK + 32)), lengths);
      assertEquals(30, cache.figures().hits());
    }
  }

  @Test
  void smallReadsOfASlowSourceLoadWholeExtentsAtOnce() throws IOException {
    ReadPolicy slow = new ReadPolicy(new ReadAhead.Policy(task -> {}, EXTENT, 0), false, 0);
    try (BlockCache cache = new BlockCache(SIZE, EXTENT, slow);
        DecryptingSource source = open(cache)) {
      read(source, 3 * EXTENT, BLOCK);
      assertEquals(List.of(32 * (BLOCK + 32)), lengths);
    }
  }

  @Test
  void readsThatCutBlocksUseTheCache() throws IOException {
    try (BlockCache cache = new BlockCache(SIZE, EXTENT);
        DecryptingSource source = open(cache)) {
      read(source, 100, 2 * EXTENT);
      assertEquals(3, lengths.size(), "two ends through the cache, an extent past it");
      assertTrue(cache.contains(new BlockKey(1, 0)));
      assertFalse(cache.contains(new BlockKey(1, 1)));
      assertTrue(cache.contains(new BlockKey(1, 2)));
      read(source, 0, 2 * EXTENT);
      assertEquals(4, lengths.size(), "only the extent that is not cached");
    }
  }

  @Test
  void aReadOnlyBufferIsRefusedAndStaysAsItWas() throws IOException {
    try (BlockCache cache = new BlockCache(SIZE, EXTENT);
        DecryptingSource source = open(cache)) {
      byte[] bytes = new byte[BLOCK];
      ByteBuffer readOnly = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
      assertThrows(ReadOnlyBufferException.class, () -> source.read(0, readOnly));
      assertArrayEquals(new byte[BLOCK], bytes);
      assertEquals(0, readOnly.position());
    }
  }

  @Test
  void ciphertextBehindASequentialReaderIsLetGoOnceAndInOrder() throws IOException {
    int size = 40 << 20;
    MemorySource large = new MemorySource(CIPHER.encrypt(new byte[size]));
    try (BlockCache cache = new BlockCache(0, EXTENT, new ReadPolicy(true, 0))) {
      try (DecryptingSource source = new DecryptingSource(large, CIPHER, size, 1, "f", cache)) {
        for (int at = 0; at < size; at += 1 << 20) {
          source.read(at, ByteBuffer.allocate(1 << 20));
        }
        long end = large.done.get(large.done.size() - 2) + large.done.getLast();
        assertTrue(end < 33L << 20, "stays behind the reader");
      }
    }
    long next = 0;
    for (int i = 0; i < large.done.size(); i += 2) {
      // steps overlap, so that nothing across a border is kept
      assertEquals(Math.max(0, next - (2 << 20)), large.done.get(i));
      next = large.done.get(i) + large.done.get(i + 1);
    }
    assertEquals(large.size(), next);
  }

  @Test
  void nothingIsLetGoBehindReadersAtRandom() throws IOException {
    try (BlockCache cache = new BlockCache(0, EXTENT, new ReadPolicy(true, 0));
        DecryptingSource source = open(cache)) {
      for (int i = 0; i < 400; i++) {
        read(source, i * 7L % 10 * EXTENT, EXTENT);
      }
    }
    assertEquals(List.of(), ciphertext.done);
  }
}
