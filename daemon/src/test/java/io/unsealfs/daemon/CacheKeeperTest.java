package io.unsealfs.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CacheKeeperTest {
  private static final long MIB = 1 << 20;

  private final List<Long> sizes = new ArrayList<>();
  private int collections;
  private long now = 5_000_000_000_000L;

  private CacheKeeper keeper(long mebibytes) {
    return new CacheKeeper(
        mebibytes * MIB, bytes -> sizes.add(bytes / MIB), () -> collections++, () -> now);
  }

  private void pass(int seconds) {
    now += Duration.ofSeconds(seconds).toNanos();
  }

  @Test
  void eachShortageHalvesTheCacheDownToAFloor() {
    CacheKeeper keeper = keeper(64);
    for (int i = 0; i < 6; i++) {
      keeper.shortage();
      pass(3);
    }
    assertEquals(List.of(32L, 16L, 8L), sizes);
    assertEquals(8 * MIB, keeper.bytes());
  }

  @Test
  void aCacheThatIsSmallAnywayStays() {
    CacheKeeper keeper = keeper(4);
    keeper.shortage();
    assertEquals(List.of(), sizes);
    assertEquals(1, collections);
  }

  @Test
  void collectionsAreSeldom() {
    CacheKeeper keeper = keeper(256);
    for (int i = 0; i < 10; i++) {
      keeper.shortage();
      pass(3);
    }
    assertEquals(3, collections);
  }

  @Test
  void itGrowsBackInStepsAfterAWhile() {
    CacheKeeper keeper = keeper(64);
    keeper.shortage();
    sizes.clear();
    pass(59);
    keeper.calm();
    assertEquals(List.of(), sizes);
    for (int i = 0; i < 6; i++) {
      pass(60);
      keeper.calm();
    }
    assertEquals(List.of(40L, 48L, 56L, 64L), sizes);
  }

  @Test
  void aShortageBetweenEndsTheGrowth() {
    CacheKeeper keeper = keeper(64);
    keeper.shortage();
    pass(60);
    keeper.calm();
    keeper.shortage();
    pass(30);
    keeper.calm();
    assertEquals(List.of(32L, 40L, 20L), sizes);
  }

  @Test
  void inCalmNothingHappens() {
    CacheKeeper keeper = keeper(64);
    pass(3600);
    keeper.calm();
    assertEquals(List.of(), sizes);
    assertEquals(0, collections);
  }
}
