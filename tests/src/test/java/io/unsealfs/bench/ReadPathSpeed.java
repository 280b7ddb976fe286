package io.unsealfs.bench;

import com.sun.management.OperatingSystemMXBean;
import io.unsealfs.block.BlockCache;
import io.unsealfs.block.ReadAhead;
import io.unsealfs.block.ReadPolicy;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Source;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import io.unsealfs.volume.gocryptfs.GocryptfsFormat;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Speed of the read path in one process, without FUSE: {@code VOLUME PASSPHRASE FILE [ROUNDS]}
 * reads one large plaintext file of a gocryptfs volume in the ways a transport does. The ways are
 * interleaved, so that a disturbance hits all of them.
 */
final class ReadPathSpeed {
  private static final int EXTENT = 128 << 10;
  private static final int WINDOW = 4 << 20;
  private static final int SMALL_READS = 20_000;
  private static final int HEADER = 16;

  private ReadPathSpeed() {}

  /** One way to read a file. */
  private record Way(String name, ReadPolicy policy, int request, boolean heap, int threads) {}

  private static ReadPolicy policy(boolean dropBehind, int helpers) {
    return new ReadPolicy(
        new ReadAhead.Policy(
            Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory()), WINDOW),
        dropBehind,
        helpers);
  }

  /** See the class. */
  public static void main(String[] arguments) throws Exception {
    Path volume = Path.of(arguments[0]);
    byte[] passphrase = arguments[1].getBytes(StandardCharsets.UTF_8);
    int rounds = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 5;
    ReadPolicy plain = policy(false, 0);
    List<Way> ways =
        List.of(
            new Way("4 KiB at random, heap", plain, 4 << 10, true, 1),
            new Way("64 KiB at random, heap", plain, 64 << 10, true, 1),
            new Way("sequential 128 KiB, heap", plain, 128 << 10, true, 1),
            new Way("sequential 128 KiB, direct", plain, 128 << 10, false, 1),
            new Way("sequential 1 MiB, heap", plain, 1 << 20, true, 1),
            new Way("sequential 1 MiB, heap, 1 helper", policy(false, 1), 1 << 20, true, 1),
            new Way("sequential 1 MiB, heap, drop behind", policy(true, 0), 1 << 20, true, 1),
            new Way("sequential 1 MiB, heap, 2 readers", plain, 1 << 20, true, 2),
            new Way("the same with 1 helper", policy(false, 1), 1 << 20, true, 2),
            new Way("odd offsets 128 KiB, heap (cache)", plain, (128 << 10) - 1, true, 1));
    List<List<Double>> speeds = new ArrayList<>();
    List<List<Double>> costs = new ArrayList<>();
    ways.forEach(way -> {
      speeds.add(new ArrayList<>());
      costs.add(new ArrayList<>());
    });
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < ways.size(); i++) {
        Result result = measure(ways.get(i), volume, passphrase, arguments[2]);
        speeds.get(i).add(result.mebibytesPerSecond());
        costs.get(i).add(result.cpuSecondsPerGibibyte());
      }
    }
    for (int i = 0; i < ways.size(); i++) {
      System.out.printf(
          Locale.ROOT,
          "%-40s %8.0f MiB/s  (best %.0f)  %6.3f CPU s/GiB (best %.3f)%n",
          ways.get(i).name(),
          median(speeds.get(i)),
          Collections.max(speeds.get(i)),
          median(costs.get(i)),
          Collections.min(costs.get(i)));
    }
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  private record Result(double mebibytesPerSecond, double cpuSecondsPerGibibyte) {}

  private static long cpuNanos() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
  }

  private static Result measure(Way way, Path volume, byte[] passphrase, String file)
      throws Exception {
    try (BlockCache cache = new BlockCache(64 << 20, EXTENT, way.policy());
        VolumeKey key = new VolumeKey.Passphrase(LockedMemory.copyOf(passphrase));
        Volume opened =
            new GocryptfsFormat()
                .open(
                    LocalTree.open(volume),
                    key,
                    new VolumeContext(cache, new VolumeLimits(1 << 30, 1 << 25), text -> {}));
        Source source =
            opened.tree().open(opened.tree().lookup(opened.tree().root(), Name.of(file)));
        ExecutorService threads = Executors.newFixedThreadPool(way.threads())) {
      long start = System.nanoTime();
      long startCpu = cpuNanos();
      List<Future<Long>> results = new ArrayList<>();
      for (int reader = 0; reader < way.threads(); reader++) {
        int number = reader;
        results.add(threads.submit(() -> read(way, source, number)));
      }
      long bytes = 0;
      for (Future<Long> result : results) {
        bytes += result.get();
      }
      double gibibytes = (double) bytes / (1 << 30);
      return new Result(
          1024 * gibibytes * 1e9 / (System.nanoTime() - start),
          (cpuNanos() - startCpu) / 1e9 / gibibytes);
    }
  }

  private static long read(Way way, Source source, int reader) throws IOException {
    ByteBuffer dst =
        way.heap()
            ? ByteBuffer.allocate(HEADER + way.request())
            : ByteBuffer.allocateDirect(HEADER + way.request());
    long bytes = 0;
    if (way.name().contains("random")) {
      SplittableRandom random = new SplittableRandom(reader);
      int reads = (int) Math.min(SMALL_READS, source.size() / way.request());
      for (int i = 0; i < reads; i++) {
        dst.clear().position(HEADER);
        bytes += source.read(random.nextLong(source.size() / way.request()) * way.request(), dst);
      }
      return bytes;
    }
    for (long offset = (long) reader * way.request();
        offset < source.size();
        offset += (long) way.threads() * way.request()) {
      dst.clear().position(HEADER);
      bytes += source.read(offset, dst);
    }
    return bytes;
  }
}
