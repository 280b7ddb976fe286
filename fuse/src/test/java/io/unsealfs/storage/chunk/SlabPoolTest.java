package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
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
      slabs.getLast().ciphertext();
    }
    return slabs;
  }

  private static Set<ByteBuffer> giveBack(List<Slab> slabs) {
    Set<ByteBuffer> memory = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Slab slab : slabs) {
      memory.add(slab.ciphertext());
      slab.release();
    }
    return memory;
  }

  @Test
  void requestsThatEndTogetherLeaveTheirMemoryToTheNextOnes() {
    SlabPool pool = new SlabPool(128L * CHUNK);
    Set<ByteBuffer> memory = giveBack(take(pool, 128));
    assertEquals(0, pool.bytesInUse());
    for (Slab slab : take(pool, 128)) {
      assertTrue(memory.contains(slab.ciphertext()));
    }
    assertEquals(128L * CHUNK, pool.bytesInUse());
  }

  @Test
  void noMoreLieIdleThanAllowed() {
    SlabPool pool = new SlabPool(100L * CHUNK);
    Set<ByteBuffer> memory = giveBack(take(pool, 128));
    long again = take(pool, 128).stream().filter(s -> memory.contains(s.ciphertext())).count();
    assertEquals(100, again);
  }

  @Test
  void whatLiesIdleGoesWhenMemoryIsShort() {
    SlabPool pool = new SlabPool(100L * CHUNK);
    Set<ByteBuffer> memory = giveBack(take(pool, 10));
    pool.clear();
    assertFalse(memory.contains(pool.take(CHUNK).ciphertext()));
  }

  @Test
  void memoryIsTakenWithTheFirstByteAndCountsBefore() {
    SlabPool pool = new SlabPool(100L * CHUNK);
    ByteBuffer one = pool.take(CHUNK).ciphertext();
    Slab never = pool.take(CHUNK);
    assertEquals(2L * CHUNK, pool.bytesInUse());
    never.release();
    assertEquals(CHUNK, pool.bytesInUse());
    // nothing lies idle of it
    assertNotSame(one, pool.take(CHUNK).ciphertext());
  }

  @Test
  void smallOnesAreArrays() {
    SlabPool pool = new SlabPool(100L * CHUNK);
    Slab small = pool.take(CHUNK - 1);
    assertTrue(small.ciphertext().hasArray());
    assertEquals(CHUNK - 1, small.ciphertext().capacity());
    small.release();
    assertEquals(0, pool.bytesInUse());
  }
}
