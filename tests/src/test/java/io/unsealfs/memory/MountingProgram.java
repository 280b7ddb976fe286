package io.unsealfs.memory;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.unsealfs.attest.sample.SampleAttester;
import io.unsealfs.block.BlockCache;
import io.unsealfs.block.ReadAhead;
import io.unsealfs.block.ReadPolicy;
import io.unsealfs.key.KeyFetch;
import io.unsealfs.key.KeyReading;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.ServerTrust;
import io.unsealfs.key.file.FileKeyProvider;
import io.unsealfs.key.grpc.GrpcKeyProvider;
import io.unsealfs.key.grpc.GrpcTimeouts;
import io.unsealfs.mount.FuseEvents;
import io.unsealfs.mount.Mount;
import io.unsealfs.mount.MountOptions;
import io.unsealfs.mount.jnr.JnrFuseHost;
import io.unsealfs.os.LockedMemory;
import io.unsealfs.storage.local.LocalTree;
import io.unsealfs.volume.Volume;
import io.unsealfs.volume.VolumeContext;
import io.unsealfs.volume.VolumeKey;
import io.unsealfs.volume.VolumeLimits;
import io.unsealfs.volume.gocryptfs.GocryptfsFormat;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.Executors;
import java.util.function.Function;

/**
 * A process of its own that takes the daemon's way from a key reference to a mount: {@code VOLUME
 * MOUNTPOINT KEY [PIN]}. Then it does what it is told on standard input: {@code unmount}, {@code
 * dump FILE}, {@code collect}. It knows no secret but the one it fetches.
 */
final class MountingProgram {
  private MountingProgram() {}

  /** See the class. */
  public static void main(String[] arguments) throws Exception {
    List<String> pins = arguments.length > 3 ? List.of(arguments[3]) : List.of();
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    BlockCache cache = cache();
    // as the daemon's session, this refers to neither once they are closed
    Queue<Volume> opened = new ArrayDeque<>();
    Queue<Mount> mounted = new ArrayDeque<>();
    opened.add(open(Path.of(arguments[0]), arguments[2], pins, cache));
    mounted.add(
        new JnrFuseHost()
            .mount(
                opened.element().tree(),
                Path.of(arguments[1]),
                new MountOptions(
                    "memory-test", false, List.of(), OptionalInt.empty(), OptionalInt.empty(), 0),
                FuseEvents.NONE));
    System.out.println("mounted");
    for (String command = commands.readLine(); command != null; command = commands.readLine()) {
      if (command.equals("unmount")) {
        mounted.remove().unmount(Duration.ofSeconds(10));
        opened.remove().close();
        cache.close();
      } else if (command.startsWith("dump ")) {
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
            .dumpHeap(command.substring("dump ".length()), true);
      } else if (command.equals("collect")) {
        System.gc();
      }
      if (command.equals("overwrite")) {
        overwriteFreeYoungSpace();
      }
      System.out.println(command);
    }
  }

  private static byte[] filler = new byte[64 << 10];

  /** Allocation clears memory: as much of it as the young generation has, from its beginning. */
  private static void overwriteFreeYoungSpace() {
    System.gc();
    long total = Runtime.getRuntime().maxMemory() / 3;
    for (long done = 0; done < total; done += filler.length) {
      filler = new byte[filler.length];
    }
    System.gc();
  }

  private static BlockCache cache() {
    return new BlockCache(
        32 << 20,
        128 << 10,
        new ReadPolicy(
            new ReadAhead.Policy(
                Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory()), 2 << 20),
            false,
            1));
  }

  private static Volume open(Path source, String key, List<String> pins, BlockCache cache)
      throws IOException {
    SecretMemory memory = Region::new;
    KeyFetch fetch =
        new KeyFetch(
            List.of(new FileKeyProvider(memory), new GrpcKeyProvider(memory, GrpcTimeouts.DEFAULT)),
            memory,
            new SampleAttester(),
            new ServerTrust(Optional.empty(), pins, false));
    KeyReference reference = KeyReference.parse(key);
    VolumeContext context =
        new VolumeContext(cache, new VolumeLimits(1 << 30, 1 << 25), warning -> {});
    try (Secret secret = fetch.fetch(reference);
        VolumeKey volumeKey = volumeKey(secret, reference.reading())) {
      return new GocryptfsFormat().open(LocalTree.open(source), volumeKey, context);
    }
  }

  private static VolumeKey volumeKey(Secret secret, KeyReading reading) {
    LockedMemory copy = secret.use(LockedMemory::copyOf);
    return reading == KeyReading.MASTERKEY
        ? new VolumeKey.RawKey(copy)
        : new VolumeKey.Passphrase(copy);
  }

  /** Locked memory behind the key side's interface, as the daemon wires it. */
  record Region(LockedMemory memory) implements SecretMemory.Region {
    Region(byte[] bytes) {
      this(LockedMemory.copyOf(bytes));
    }

    @Override
    public int size() {
      return memory.size();
    }

    @Override
    public <T> T use(Function<byte[], T> use) {
      return memory.use(use);
    }

    @Override
    public void close() {
      memory.close();
    }
  }
}
