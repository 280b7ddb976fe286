package io.unsealfs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.storage.Source;
import io.unsealfs.storage.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class OpenFilesTest {
  private static final PathText PATH = () -> "/f";

  private final MemoryTree tree = new MemoryTree();
  private final MemoryTree.MemoryNode node = tree.file("f", 1);
  private final OpenFiles files = new OpenFiles();

  private static final class Counted implements Source {
    final AtomicInteger closes = new AtomicInteger();

    @Override
    public long size() {
      return 0;
    }

    @Override
    public int read(long offset, ByteBuffer dst) throws IOException {
      if (closes.get() > 0) {
        throw new IOException("read after close");
      }
      return 0;
    }

    @Override
    public void close() {
      closes.incrementAndGet();
    }
  }

  @Test
  void aReadUnderWayKeepsItsSourceUntilItEnds() throws Exception {
    Counted source = new Counted();
    long handle = files.add(source, node, PATH);
    OpenFile reading = files.acquire(handle);
    assertNotNull(reading);
    files.release(handle);
    assertEquals(0, source.closes.get());
    assertNull(files.acquire(handle));
    reading.release();
    assertEquals(1, source.closes.get());
  }

  @Test
  void aSecondReleaseDoesNothing() throws Exception {
    Counted source = new Counted();
    long handle = files.add(source, node, PATH);
    files.release(handle);
    files.release(handle);
    files.release(handle + 1);
    assertEquals(1, source.closes.get());
  }

  @Test
  void afterTheEndNothingStaysOpen() throws Exception {
    Counted early = new Counted();
    Counted late = new Counted();
    files.add(early, node, PATH);
    files.closeAll();
    assertThrows(StorageException.class, () -> files.add(late, node, PATH));
    assertEquals(1, early.closes.get());
    assertEquals(1, late.closes.get());
    assertEquals(0, files.size());
  }

  @Test
  void readsRacingTheReleaseSeeAnOpenSourceOrNone() throws Exception {
    try (ExecutorService readers = Executors.newFixedThreadPool(4)) {
      for (int round = 0; round < 500; round++) {
        Counted source = new Counted();
        long handle = files.add(source, node, PATH);
        CountDownLatch start = new CountDownLatch(1);
        Future<?>[] reads = new Future<?>[4];
        for (int i = 0; i < reads.length; i++) {
          reads[i] =
              readers.submit(() -> {
                start.await();
                OpenFile file = files.acquire(handle);
                if (file != null) {
                  file.source().read(0, ByteBuffer.allocate(0));
                  file.release();
                }
                return null;
              });
        }
        start.countDown();
        files.release(handle);
        for (Future<?> read : reads) {
          read.get();
        }
        assertEquals(1, source.closes.get());
      }
    }
  }
}
