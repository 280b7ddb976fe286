package io.unsealfs.mount.kernel;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class DenseReadsTest {
  private static final long NODE = 7;
  private static final long REGION = DenseReads.REGION_BYTES;
  private static final long PAGE = DenseReads.PAGE_BYTES;

  private final DenseReads reads = new DenseReads();

  private boolean note(long region, int page) {
    return reads.note(NODE, region * REGION + page * PAGE);
  }

  @Test
  void aRegionIsDenseFromItsFourthPageOn() {
    for (int page : new int[] {15, 0, 7}) {
      assertFalse(note(3, page), () -> "page " + page);
    }
    assertTrue(note(3, 8));
    assertTrue(note(3, 9));
  }

  @Test
  void onePageReadOverAndOverIsNotDense() {
    for (int i = 0; i < 100; i++) {
      assertFalse(note(3, 5));
    }
  }

  @Test
  void regionsAndFilesAreCountedEachForItself() {
    for (int page = 0; page < 3; page++) {
      assertFalse(note(1, page));
      assertFalse(note(2, page));
      assertFalse(reads.note(NODE + 1, REGION + page * PAGE));
    }
    assertTrue(note(2, 3));
    assertTrue(note(1, 3));
  }

  @Test
  void whatIsDoneIsCountedAnewWhenThePagesAreAskedForOnceMore() {
    for (int page = 0; page < 4; page++) {
      boolean _ = note(1, page);
    }
    reads.done(NODE, REGION + 2 * PAGE);
    for (int page = 0; page < 3; page++) {
      assertFalse(note(1, page));
    }
    assertTrue(note(1, 3));
  }

  @Test
  void aRegionWhosePagesWereAllAskedForHasNoneLeftToGive() {
    for (int page = 0; page < 15; page++) {
      boolean _ = note(1, page);
    }
    assertFalse(note(1, 15));
  }

  @Test
  void fewReadsOfAFileLargerThanTheTableAreNeverDense() {
    SplittableRandom random = new SplittableRandom(1);
    long regions = (1L << 40) / REGION;
    for (int i = 0; i < 1_000_000; i++) {
      long region = random.nextLong(regions);
      assertFalse(note(region, random.nextInt(16)), () -> "region " + region);
    }
  }
}
