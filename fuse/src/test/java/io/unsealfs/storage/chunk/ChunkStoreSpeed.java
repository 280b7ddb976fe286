package io.unsealfs.storage.chunk;

import io.unsealfs.storage.Source;
import io.unsealfs.storage.object.ObjectVersion;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/**
 * Not a test: what the chunk store makes of a network of 20 ms and 95 MB/s per connection, without
 * HTTP, decryption and FUSE. Run by hand.
 */
public final class ChunkStoreSpeed {
  private static final int MIB = 1 << 20;
  private static final long LATENCY_NANOS = 20_000_000;
  private static final double NANOS_PER_BYTE = 1e9 / 95e6;

  private ChunkStoreSpeed() {}

  /** No arguments. */
  public static void main(String[] args) throws Exception {
    byte[] bytes = FakeStore.bytes(1 << 30, 1);
    FakeStore fake = new FakeStore();
    ObjectVersion version = fake.put("a", bytes);
    java.util.concurrent.ConcurrentHashMap<Integer, Long> starts =
        new java.util.concurrent.ConcurrentHashMap<>();
    fake.fails((request, served, cancellation) -> {
      long start = starts.computeIfAbsent(request.number(), n -> System.nanoTime());
      long due = start + LATENCY_NANOS + (long) (served * NANOS_PER_BYTE);
      long left = due - System.nanoTime();
      if (left > 200_000) {
        LockSupport.parkNanos(left);
      }
    });
    for (int round = 0; round < 3; round++) {
      try (ChunkStore store = new ChunkStore(fake, ChunkSettings.defaults(1L << 34, 1L << 33));
          Source source = store.open(version)) {
        first(source);
        sequential(store, source, bytes.length);
        scattered(fake, version, bytes.length, 1);
        scattered(fake, version, bytes.length, 8);
      }
    }
  }

  private static void first(Source source) throws Exception {
    long start = System.nanoTime();
    source.read(0, ByteBuffer.allocate(4096));
    System.out.printf("first 4 KiB: %.1f ms%n", (System.nanoTime() - start) / 1e6);
  }

  private static void sequential(ChunkStore store, Source source, int size) throws Exception {
    long start = System.nanoTime();
    ByteBuffer dst = ByteBuffer.allocate(MIB);
    for (long offset = 0; offset < size; offset += MIB) {
      dst.clear();
      source.read(offset, dst);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    ChunkFigures figures = store.figures();
    System.out.printf(
        "sequential: %.0f MiB/s, limit %d, requests %d, fetched %.3f%n",
        size / seconds / MIB,
        figures.concurrencyLimit(),
        figures.requests(),
        (double) (figures.demandBytes() + figures.prefetchBytes()) / size);
  }

  private static void scattered(FakeStore fake, ObjectVersion version, int size, int readers)
      throws Exception {
    int each = 100;
    try (ChunkStore store = new ChunkStore(fake, ChunkSettings.defaults(1L << 34, 1L << 33));
        Source source = store.open(version);
        ExecutorService threads = Executors.newFixedThreadPool(readers)) {
      long start = System.nanoTime();
      List<Future<Void>> results = new ArrayList<>();
      for (int reader = 0; reader < readers; reader++) {
        Random random = new Random(reader);
        results.add(
            threads.submit(() -> {
              for (int i = 0; i < each; i++) {
                source.read(random.nextInt(size - 66_000), ByteBuffer.allocate(65_536));
              }
              return null;
            }));
      }
      for (Future<Void> result : results) {
        result.get();
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          "random 64 KiB, %d readers: %.0f op/s, fetched %.1f times%n",
          readers,
          readers * each / seconds,
          (double) store.figures().demandBytes() / (65_536L * readers * each));
    }
  }
}
