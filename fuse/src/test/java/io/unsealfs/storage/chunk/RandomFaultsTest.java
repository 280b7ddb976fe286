package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.Source;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.StoreUnavailableException;
import io.unsealfs.storage.object.ThrottledException;
import io.unsealfs.storage.object.TruncatedObjectException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Eight readers over a store that fails all the time, with a small memory and a disk cache that is
 * damaged meanwhile: no wrong byte ever. As long as {@code unsealfs.fault.seconds} says.
 */
class RandomFaultsTest {
  private static final int MIB = 1 << 20;

  @TempDir Path directory;

  @Test
  @Timeout(value = 1, unit = TimeUnit.HOURS) // it may be told to run for long
  void noWrongByteIsServed() throws Exception {
    long seconds = Long.getLong("unsealfs.fault.seconds", 10);
    FakeStore fake = new FakeStore();
    List<byte[]> contents = new ArrayList<>();
    List<ObjectVersion> versions = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      byte[] bytes = FakeStore.bytes((1 << (2 * i)) * 700_001, i);
      contents.add(bytes);
      versions.add(fake.put("object " + i, bytes));
    }
    fake.fails((request, served, cancellation) -> {
      switch (ThreadLocalRandom.current().nextInt(400)) {
        case 0 -> throw new TruncatedObjectException("cut", 0);
        case 1 -> throw new StoreUnavailableException("500", 0);
        case 2 -> throw new ThrottledException("503", 1);
        case 3 -> Thread.onSpinWait();
        default -> {}
      }
    });
    ChunkSettings settings =
        ChunkSettings.defaults(1L << 32, 1L << 31)
            .withBudget(24L * MIB)
            .withRetries(
                new RetryPolicy(
                    5, Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofSeconds(20)),
                Duration.ofMillis(20));
    AtomicLong served = new AtomicLong();
    AtomicLong refused = new AtomicLong();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    try (ChunkStore store = new ChunkStore(fake, settings);
        ExecutorService readers = Executors.newCachedThreadPool()) {
      store.attach(
          DiskCache.open(directory, new DiskLimits(20L * MIB, 0), Optional.empty(), warning -> {}));
      List<Future<Void>> results = new ArrayList<>();
      for (int reader = 0; reader < 8; reader++) {
        Random random = new Random(reader);
        results.add(
            readers.submit(() -> {
              while (System.nanoTime() < end) {
                int which = random.nextInt(contents.size());
                readSome(
                    store, versions.get(which), contents.get(which), random, end, served, refused);
              }
              return null;
            }));
      }
      for (Future<Void> result : results) {
        result.get();
      }
      fillTheDisk(store, versions.getLast(), contents.getLast());
      ChunkFigures figures = store.figures();
      System.out.printf(
          "served %d bytes, refused %d reads, %s%n", served.get(), refused.get(), figures);
      assertTrue(figures.retries() > 0, figures.toString());
      assertTrue(figures.disk().hits() > 0 && figures.disk().evictions() > 0, figures.toString());
    }
    assertTrue(served.get() > 100L * MIB, "served " + served);
    assertTrue(refused.get() < served.get() / MIB, "refused " + refused);
  }

  /**
   * The largest object front to back, which is more than the disk cache may hold: on a slow machine
   * the readers before perhaps completed too few segments for anything to be evicted.
   */
  private static void fillTheDisk(ChunkStore store, ObjectVersion version, byte[] bytes)
      throws IOException {
    try (Source source = store.open(version)) {
      for (int pass = 0; pass < 20 && store.figures().disk().evictions() == 0; pass++) {
        for (int offset = 0; offset < bytes.length; ) {
          offset += readNext(source, bytes, offset);
        }
      }
    }
  }

  /** Bytes read; none if five tries failed. */
  private static int readNext(Source source, byte[] bytes, int offset) {
    ByteBuffer dst = ByteBuffer.allocate(MIB);
    try {
      int got = source.read(offset, dst);
      assertTrue(Arrays.equals(bytes, offset, offset + got, dst.array(), 0, got), "wrong bytes");
      return got;
    } catch (IOException e) {
      return 0;
    }
  }

  private static void readSome(
      ChunkStore store,
      ObjectVersion version,
      byte[] bytes,
      Random random,
      long end,
      AtomicLong served,
      AtomicLong refused)
      throws IOException {
    try (Source source = store.open(version)) {
      int offset = random.nextInt(bytes.length);
      boolean sequential = random.nextInt(3) == 0;
      for (int i = 0; i < 40 && System.nanoTime() < end; i++) {
        int length = 1 + random.nextInt(300_000);
        ByteBuffer dst = ByteBuffer.allocate(length);
        try {
          int got = source.read(offset, dst);
          assertTrue(
              Arrays.equals(bytes, offset, offset + got, dst.array(), 0, got),
              () -> "wrong bytes of " + version);
          assertTrue(got == Math.min(length, bytes.length - offset), "a short read");
          served.addAndGet(got);
          offset = sequential ? offset + got : random.nextInt(bytes.length);
        } catch (IOException e) {
          refused.incrementAndGet();
        }
        offset = offset >= bytes.length ? 0 : offset;
      }
    }
  }
}
