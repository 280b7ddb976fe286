package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.chunk.ReadPattern.Ahead;
import io.unsealfs.storage.chunk.ReadPattern.Plan;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * What the reads of an object say about the next ones (object-storage.md section 4, "Prefetch").
 */
class ReadPatternTest {
  private static final long MIB = 1 << 20;
  private static final int READ = 128 << 10;
  private static final long SIZE = 4L << 30;

  private static final ChunkSettings SETTINGS = ChunkSettings.defaults(1L << 40, 1L << 40);

  private final ChunkCounters counters = new ChunkCounters();
  private final ReadPattern pattern =
      new ReadPattern(SIZE, SETTINGS, SETTINGS::budgetBytes, counters);

  private Plan read(long offset) {
    Plan plan = pattern.reading(offset, READ);
    if (plan.ahead().size() == 1) {
      ReadStream stream = plan.stream();
      assertNotNull(stream);
      pattern.asked(stream, plan.ahead().getFirst().to());
    }
    return plan;
  }

  private static long bytesAhead(Plan plan) {
    return plan.ahead().stream().mapToLong(ahead -> ahead.to() - ahead.from()).sum();
  }

  @Test
  void theFirstReadFetchesOneMebibyteAndNothingAhead() {
    Plan plan = read(100 * MIB + 18);
    assertEquals(101 * MIB, plan.demandEnd());
    assertTrue(plan.ahead().isEmpty());
  }

  @Test
  void aFileOfUpToEightMebibytesIsFetchedAsAWhole() {
    ReadPattern small = new ReadPattern(8 * MIB, SETTINGS, SETTINGS::budgetBytes, counters);
    Plan plan = small.reading(3 * MIB, READ);
    assertEquals(8 * MIB, plan.demandEnd());
    assertEquals(3 * MIB, bytesAhead(plan));
    assertTrue(small.reading(4 * MIB, READ).ahead().isEmpty());
  }

  @Test
  void fromTheThirdReadInSequenceAWindowIsFetchedThatGrows() {
    read(0);
    assertTrue(read(READ).ahead().isEmpty());
    Plan third = read(2L * READ);
    assertEquals(7 * MIB, bytesAhead(third), third.toString());
    long ahead = MIB + bytesAhead(third);
    long most = ahead;
    for (long offset = 3L * READ; offset < 600 * MIB; offset += READ) {
      ahead += bytesAhead(read(offset));
      most = Math.max(most, ahead - offset);
    }
    assertTrue(most > 112 * MIB && most <= 128 * MIB + READ, "most ahead " + most);
    assertEquals(1, counters.activeStreams.get());
    assertEquals(128 * MIB, counters.windowBytes.get());
  }

  @Test
  void twoStepsLeadFromTheFirstWindowToTheLargest() {
    long offset = 0;
    for (long window : new long[] {8, 32, 128}) {
      while (counters.windowBytes.get() < window * MIB) {
        assertTrue(offset < 12 * MIB, "still " + counters.windowBytes.get() + " at " + offset);
        read(offset);
        offset += READ;
      }
      assertEquals(window * MIB, counters.windowBytes.get());
    }
  }

  @Test
  void nothingIsAskedForBeyondTheEnd() {
    long last = 0;
    for (long offset = SIZE - 40 * MIB; offset < SIZE; offset += READ) {
      for (Ahead ahead : read(offset).ahead()) {
        assertTrue(ahead.to() <= SIZE);
        last = ahead.to();
      }
    }
    assertEquals(SIZE, last);
  }

  @Test
  void requestsThatTheKernelReorderedAreStillASequence() {
    long[] order = {0, 2, 1, 3, 5, 4, 6, 8, 7};
    boolean ahead = false;
    for (long i : order) {
      ahead |= !read(i * READ).ahead().isEmpty();
    }
    assertTrue(ahead);
    assertEquals(1, counters.activeStreams.get());
  }

  @Test
  void requestsThatAreReadPieceByPieceBesideEachOtherAreOneSequence() {
    for (int i = 0; i < 4; i++) {
      read((long) i * READ);
    }
    long frontier = 0;
    for (long group = MIB; group < 100 * MIB; group += 4 * MIB) {
      for (int piece = 0; piece < MIB / READ; piece++) {
        for (int request = 0; request < 4; request++) {
          long offset = group + request * MIB + (long) piece * READ;
          Plan plan = read(offset);
          assertEquals(offset + READ, plan.demandEnd());
          assertNull(plan.abandoned());
          for (Ahead ahead : plan.ahead()) {
            assertTrue(ahead.from() >= frontier, ahead + " was asked for before");
            frontier = ahead.to();
          }
        }
      }
    }
    assertTrue(frontier >= 150 * MIB, "asked up to " + frontier);
    assertEquals(1, counters.activeStreams.get());
  }

  @Test
  void whereAnotherReaderBeganIsTheEndOfWhatIsFetchedAhead() {
    long begin = 64 * MIB;
    for (long offset = begin; offset < begin + 40 * MIB; offset += READ) {
      read(offset);
    }
    long furthest = 0;
    for (long offset = 0; offset < begin; offset += READ) {
      for (Ahead ahead : read(offset).ahead()) {
        furthest = Math.max(furthest, ahead.to());
      }
    }
    assertEquals(begin, furthest);
    // who goes on nevertheless is followed again
    boolean ahead = false;
    for (long offset = begin; offset < begin + 80 * MIB; offset += READ) {
      ahead |= !read(offset).ahead().isEmpty();
    }
    assertTrue(ahead);
  }

  @Test
  void eightReadersAreFollowedAtOnce() {
    for (int round = 0; round < 4; round++) {
      for (int reader = 0; reader < 8; reader++) {
        read(reader * 400L * MIB + (long) round * READ);
      }
    }
    assertEquals(8, counters.activeStreams.get());
  }

  @Test
  void aNinthPlaceEndsTheSequenceThatWasReadLongestAgo() {
    for (int reader = 0; reader < 8; reader++) {
      for (int round = 0; round < 3; round++) {
        read(reader * 400L * MIB + (long) round * READ);
      }
    }
    Plan plan = read(3900 * MIB);
    assertNotNull(plan.abandoned());
    assertEquals(7, counters.activeStreams.get());
    assertEquals(7 * 8 * MIB, counters.windowBytes.get());
    assertNull(read(3 * READ + 400 * MIB).abandoned());
  }

  @Test
  void aSkipWithinTheWindowKeepsItAndALargerOneEndsIt() {
    for (int i = 0; i < 10; i++) {
      read((long) i * READ);
    }
    assertNull(read(4 * MIB).abandoned());
    assertNotNull(read(20 * MIB).abandoned());
    assertEquals(0, counters.activeStreams.get());
    assertEquals(0, counters.windowBytes.get());
  }

  @Test
  void scatteredSmallReadsAreWorthLessAndLess() {
    for (int i = 0; i < 3; i++) {
      long offset = (i * 777 % 40) * 90L * MIB;
      assertEquals(offset + MIB, read(offset).demandEnd());
    }
    assertEquals(3000 * MIB + 2L * READ, read(3000 * MIB).demandEnd());
    assertEquals(2000 * MIB + 2L * READ, read(2000 * MIB).demandEnd());
  }

  @Test
  void equalStepsAreFetchedAhead() {
    Plan plan = null;
    for (int i = 0; i < 5; i++) {
      plan = read(i * 10L * MIB);
    }
    assertNotNull(plan);
    assertEquals(4, plan.ahead().size());
    assertEquals(50 * MIB, plan.ahead().getFirst().from());
    assertEquals(4L * READ, bytesAhead(plan));
  }

  @Test
  void windowsShareTheBudget() {
    ReadPattern poor = new ReadPattern(SIZE, SETTINGS, () -> 16 * MIB, counters);
    long asked = 0;
    for (long offset = 0; offset < 100 * MIB; offset += READ) {
      Plan plan = poor.reading(offset, READ);
      for (Ahead ahead : plan.ahead()) {
        asked = ahead.to();
        assertTrue(ahead.partBytes() >= ChunkGrid.CHUNK_BYTES);
        ReadStream stream = plan.stream();
        assertNotNull(stream);
        poor.asked(stream, ahead.to());
      }
      assertTrue(asked - offset <= 12 * MIB + READ, "ahead " + (asked - offset));
    }
  }

  @Test
  void windowsShrinkWithTheBudget() {
    AtomicLong budget = new AtomicLong(512 * MIB);
    ReadPattern shrinking = new ReadPattern(SIZE, SETTINGS, budget::get, counters);
    long asked = 0;
    for (long offset = 0; offset < 400 * MIB; offset += READ) {
      Plan plan = shrinking.reading(offset, READ);
      for (Ahead ahead : plan.ahead()) {
        asked = ahead.to();
        ReadStream stream = plan.stream();
        assertNotNull(stream);
        shrinking.asked(stream, ahead.to());
      }
      if (offset == 200 * MIB) {
        assertTrue(asked - offset > 100 * MIB, "ahead " + (asked - offset));
        budget.set(16 * MIB);
      }
      // what was asked for before stays
      assertTrue(
          offset < 330 * MIB || asked - offset <= 12 * MIB + READ, "ahead " + (asked - offset));
    }
  }
}
