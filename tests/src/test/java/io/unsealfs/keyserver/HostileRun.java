package io.unsealfs.keyserver;

import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.Secret;
import io.unsealfs.key.ServerTrust;
import io.unsealfs.key.grpc.GrpcKeyProvider;
import io.unsealfs.key.grpc.GrpcTimeouts;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/** Clients that fetch a secret as mounts do, while a {@link HostileCrowd} is at the same server. */
final class HostileRun {
  private static final int CLIENTS = 2;
  private static final int SERVER_CONNECTIONS = 256;
  private static final int SETTLING_SECONDS = 30;

  /**
   * What came of it.
   *
   * @param released how often a secret arrived
   * @param lost how often one did not, with the retries a mount makes
   * @param slowestMillis the longest a client waited for its secret
   * @param heapGrowthBytes live heap after it, less that before it
   * @param connectionsLeft what the server still holds after all have gone
   */
  record Result(
      int released, int lost, long slowestMillis, long heapGrowthBytes, int connectionsLeft) {}

  private HostileRun() {}

  static Result of(Path directory, int connections) throws Exception {
    CompletableFuture<KeyServerMonitor.Gauges> gauges = new CompletableFuture<>();
    KeyServerMonitor monitor =
        new KeyServerMonitor() {
          @Override
          public void watch(Gauges given) {
            gauges.complete(given);
          }
        };
    try (LoadedServer server = new LoadedServer(directory, SERVER_CONNECTIONS, monitor);
        HostileCrowd crowd = new HostileCrowd(server.port(), connections);
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
      AtomicBoolean over = new AtomicBoolean();
      fetches(server, () -> true);
      long before = liveHeapBytes();
      List<Future<long[]>> waiting = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        waiting.add(clients.submit(() -> fetches(server, over::get)));
      }
      crowd.run();
      over.set(true);
      long[] total = new long[3];
      for (Future<long[]> one : waiting) {
        long[] counted = one.get();
        total[0] += counted[0];
        total[1] += counted[1];
        total[2] = Math.max(total[2], counted[2]);
      }
      int left = settled(gauges);
      return new Result((int) total[0], (int) total[1], total[2], liveHeapBytes() - before, left);
    }
  }

  /** Connections of the server once those that were hung up are gone; waits for them a while. */
  private static int settled(CompletableFuture<KeyServerMonitor.Gauges> gauges)
      throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SETTLING_SECONDS);
    int left = gauges.join().connections();
    while (left > 0 && System.nanoTime() < end) {
      Thread.sleep(100);
      left = gauges.join().connections();
    }
    return left;
  }

  /** Released, lost, slowest in milliseconds; at least one fetch. */
  private static long[] fetches(LoadedServer server, BooleanSupplier over) throws IOException {
    GrpcKeyProvider provider = new GrpcKeyProvider(new HeapMemory(), GrpcTimeouts.DEFAULT);
    KeyReference reference =
        KeyReference.parse("grpc://127.0.0.1:" + server.port() + "/" + LoadedServer.SECRET);
    ServerTrust trust = new ServerTrust(Optional.empty(), List.of(server.identityPin()), false);
    long[] counted = new long[3];
    do {
      long begin = System.nanoTime();
      try (Secret secret = provider.fetch(reference, server.attester(), trust)) {
        boolean right = secret.use(bytes -> Arrays.equals(bytes, KeyServerFixture.SECRET));
        counted[right ? 0 : 1]++;
      } catch (IOException e) {
        counted[1]++;
      }
      counted[2] = Math.max(counted[2], TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
    } while (!over.getAsBoolean());
    return counted;
  }

  private static long liveHeapBytes() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    return memory.getHeapMemoryUsage().getUsed();
  }
}
