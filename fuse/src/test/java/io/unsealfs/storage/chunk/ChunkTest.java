package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.object.ObjectVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who waits for a part of a chunk is woken when that part is there. */
@Timeout(60)
class ChunkTest {
  private static final int CHUNK = ChunkGrid.CHUNK_BYTES;
  private static final long FOR_EVER_MILLIS = 1_000_000;

  private final ChunkSettings settings = Undoubled.SETTINGS;
  private final StoredObject object =
      new StoredObject(
          new ObjectVersion("k", CHUNK, Optional.of("tag"), 0, false),
          new ReadPattern(CHUNK, settings, settings::budgetBytes, new ChunkCounters()));
  private final Chunk chunk = new Chunk(object, 0);
  private final Slab landing = new SlabPool(0).take(CHUNK);

  @Test
  void eachWaitsForItsOwnPartOnly() throws Exception {
    try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
      int[] parts = {CHUNK, 1, 100_000, 20_000, CHUNK - 1};
      List<Future<Boolean>> waits = new ArrayList<>();
      for (int part : parts) {
        waits.add(readers.submit(() -> chunk.await(part, FOR_EVER_MILLIS)));
      }
      int[] steps = {1, 20_000, 60_000, 100_000, CHUNK - 1, CHUNK};
      for (int there : steps) {
        assertTrue(chunk.arrived(landing, there) == (there == CHUNK));
        for (int i = 0; i < parts.length; i++) {
          if (parts[i] <= there) {
            // a wake-up that was lost would keep this until the test is over time
            assertTrue(waits.get(i).get());
          }
        }
      }
    }
  }

  @Test
  void nobodyWaitsForWhatWillNotCome() throws Exception {
    try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
      chunk.expect();
      Future<Boolean> wait = readers.submit(() -> chunk.await(CHUNK, FOR_EVER_MILLIS));
      assertFalse(chunk.arrived(landing, 10));
      assertTrue(chunk.attemptEnded(null, 0));
      assertTrue(wait.get());
    }
  }
}
