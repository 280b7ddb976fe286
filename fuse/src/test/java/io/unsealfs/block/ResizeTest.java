package io.unsealfs.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A cache that shrinks and grows, and room set aside for a preload. */
class ResizeTest {
  private static final int EXTENT = 64 << 10;

  private static final ExtentLoader LOADER =
      new ExtentLoader() {
        @Override
        public int plaintextLength(long extentIndex) {
          return EXTENT;
        }

        @Override
        public @Nullable BlockDamage load(long extentIndex, byte[] plaintext) {
          Arrays.fill(plaintext, (byte) (extentIndex + 1));
          return null;
        }
      };

  private final BlockCache cache = new BlockCache(10 * EXTENT, EXTENT);

  private static BlockKey key(long extent) {
    return new BlockKey(1, extent);
  }

  private void fill(int extents) throws IOException {
    for (int i = 0; i < extents; i++) {
      cache.get(key(i), LOADER).unpin();
    }
  }

  @Test
  void shrinkingDropsAndWipesWhatIsBeyondAndGrowingMakesRoomAgain() throws IOException {
    fill(10);
    Extent read = cache.get(key(3), LOADER);
    cache.resize(2 * EXTENT);
    assertEquals(2 * EXTENT, cache.figures().capacity());
    assertTrue(cache.figures().bytesHeld() <= 3 * EXTENT, "two, and the one being read");
    assertEquals(4, read.plaintext()[100]);
    boolean kept = cache.contains(key(3));
    byte[] array = read.plaintext();
    read.unpin();
    if (!kept) {
      assertArrayEquals(new byte[EXTENT], array);
    }
    assertEquals(2 * EXTENT, cache.figures().bytesHeld());
    cache.resize(0);
    assertEquals(0, cache.figures().bytesHeld());
    cache.resize(10 * EXTENT);
    fill(10);
    assertEquals(10 * EXTENT, cache.figures().bytesHeld());
    cache.close();
    assertEquals(0, cache.figures().bytesHeld());
  }

  @Test
  void aPreloadGetsFreeRoomOnlyAndGivesItBackAsReadersTakeTheExtents() throws IOException {
    fill(6);
    assertEquals(4 * EXTENT, cache.reserve(100L * EXTENT));
    for (int i = 100; i < 104; i++) {
      assertEquals(EXTENT, cache.preload(key(i), LOADER));
    }
    assertEquals(-1, cache.preload(key(104), LOADER), "full");
    assertEquals(0, cache.preload(key(2), LOADER), "there already");
    assertEquals(0, cache.figures().evictions());
    assertEquals(4 * EXTENT, cache.figures().preloadedBytes());
    cache.get(key(50), LOADER).unpin();
    assertEquals(10 * EXTENT, cache.figures().bytesHeld(), "the bound holds for both together");

    Extent whole = Objects.requireNonNull(cache.find(key(100), true, false));
    whole.unpin();
    assertFalse(cache.contains(key(100)), "read as a whole: the kernel has it");
    Extent part = Objects.requireNonNull(cache.find(key(101), false, false));
    part.unpin();
    assertTrue(cache.contains(key(101)), "read in part: kept");
    assertEquals(2 * EXTENT, cache.figures().preloadedBytes());
    cache.unreserve();
    fill(8);
    assertEquals(10 * EXTENT, cache.figures().bytesHeld());
    cache.resize(EXTENT);
    assertTrue(cache.figures().bytesHeld() <= EXTENT);
    cache.close();
    assertEquals(0, cache.figures().bytesHeld());
  }
}
