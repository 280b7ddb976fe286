package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.object.ObjectVersion;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who comes first where many wait for the disk cache. */
@Timeout(60)
class LoadLineTest {
  private static final ChunkSettings SETTINGS =
      ChunkSettings.defaults(1L << 32, 1L << 31)
          .withRetries(RetryPolicy.DEFAULT, Duration.ofHours(1));

  private final StoredObject object = object();

  private static StoredObject object() {
    ObjectVersion version = new ObjectVersion("a", 400L << 20, Optional.of("e"), 0, false);
    return new StoredObject(
        version,
        new ReadPattern(version.size(), SETTINGS, SETTINGS::budgetBytes, new ChunkCounters()));
  }

  private Fetch fetch(int segment, Priority priority) {
    Chunk[] chunks = {new Chunk(object, ChunkGrid.firstOf(segment))};
    return new Fetch(chunks, priority, null, false, chunk -> {});
  }

  @Test
  void whoWaitsComesBeforeWhatIsFetchedAhead() throws Exception {
    List<Integer> order = new CopyOnWriteArrayList<>();
    Semaphore turns = new Semaphore(0);
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(7);
    LoadLine line =
        new LoadLine(
            "test-load-",
            1,
            fetch -> {
              busy.countDown();
              turns.acquireUninterruptibly();
              order.add(fetch.segment());
              done.countDown();
            });
    assertTrue(line.add(fetch(0, Priority.PREFETCH)));
    assertTrue(busy.await(20, TimeUnit.SECONDS));
    Fetch joined = fetch(4, Priority.PREFETCH);
    List<Fetch> waiting =
        List.of(
            fetch(1, Priority.WARM),
            fetch(2, Priority.PREFETCH),
            fetch(3, Priority.PREFETCH),
            joined,
            fetch(5, Priority.WARM),
            fetch(6, Priority.DEMAND));
    waiting.forEach(fetch -> assertTrue(line.add(fetch)));
    // a reader joined it meanwhile
    joined.priority = Priority.DEMAND;
    turns.release(7);
    assertTrue(done.await(20, TimeUnit.SECONDS));
    assertEquals(List.of(0, 4, 6, 2, 3, 1, 5), order);
    line.close();
    assertTrue(line.awaitIdle(20));
    assertFalse(line.add(fetch(7, Priority.DEMAND)), "it is closed");
  }
}
