package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What was taken is used again, within bounds. */
class SlabPoolTest {
  private static final int CHUNK = ChunkGrid.CHUNK_BYTES;

  private static List<Slab> take(SlabPool pool, int count) {
    List<Slab> slabs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      slabs.add(pool.take(CHUNK));
    }
    return slabs;
  }

  private static Set<byte[]> giveBack(List<Slab> slabs) {
    Set<byte[]> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Slab slab : slabs) {
      arrays.add(slab.ciphertext());
      slab.release();
    }
    return arrays;
  }

  @Test
  void requestsThatEndTogetherLeaveTheirArraysToTheNextOnes() {
    SlabPool pool = new SlabPool(128L * CHUNK);
    Set<byte[]> arrays = giveBack(take(pool, 128));
    assertEquals(0, pool.bytesInUse());
    for (Slab slab : take(pool, 128)) {
      assertTrue(arrays.contains(slab.ciphertext()));
    }
    assertEquals(128L * CHUNK, pool.bytesInUse());
  }

  @Test
  void noMoreLieIdleThanAllowed() {
    SlabPool pool = new SlabPool(100L * CHUNK);
    Set<byte[]> arrays = giveBack(take(pool, 128));
    long again = take(pool, 128).stream().filter(s -> arrays.contains(s.ciphertext())).count();
    assertEquals(100, again);
  }

  @Test
  void whatLiesIdleGoesWhenMemoryIsShort() {
    SlabPool pool = new SlabPool(100L * CHUNK);
    Set<byte[]> arrays = giveBack(take(pool, 10));
    pool.clear();
    assertFalse(arrays.contains(pool.take(CHUNK).ciphertext()));
  }
}
