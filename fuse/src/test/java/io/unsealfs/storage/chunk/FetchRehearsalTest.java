package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.object.http.RehearsalStore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FetchRehearsalTest {
  @Test
  void goesThroughTheWholeObjectInLittleMemory() throws Exception {
    AtomicInteger reads = new AtomicInteger();
    RehearsalStore nowhere = new RehearsalStore(512L << 20);
    try (FetchRehearsal rehearsal = new FetchRehearsal(nowhere, nowhere.object())) {
      rehearsal.readOnce(() -> reads.incrementAndGet() > 0);
      ChunkFigures figures = rehearsal.figures();
      assertEquals(2048, reads.get());
      // as of a reader in sequence: in large requests, ahead of the reads unless cores are scarce
      assertTrue(figures.prefetchBytes() > 64L << 20, figures.toString());
      assertTrue(figures.requests() > 200, figures.toString());
      assertTrue(figures.memoryBytes() <= 8 << 20, figures.toString());
      assertEquals(0, figures.failedRequests());
    }
  }

  @Test
  void endsWhenItIsTold() throws Exception {
    AtomicInteger reads = new AtomicInteger();
    RehearsalStore nowhere = new RehearsalStore(512L << 20);
    try (FetchRehearsal rehearsal = new FetchRehearsal(nowhere, nowhere.object())) {
      rehearsal.readOnce(() -> reads.incrementAndGet() < 10);
    }
    assertEquals(10, reads.get());
  }
}
