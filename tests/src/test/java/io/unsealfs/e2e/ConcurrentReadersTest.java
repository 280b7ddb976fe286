package io.unsealfs.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many readers at random offsets, a cache far too small for them, and not one wrong byte. */
@EachTransport
class ConcurrentReadersTest {
  private static final int READERS = 16;
  private static final int MOST = 300_000;
  private static final int ALIGNMENT = 4096;
  private static final int COMPUTED_SIZE = (40 << 20) + 12_345;
  private static final String PASSWORD = "many readers";

  /** A file and what it has to hold. */
  private record Known(Path file, ByteBuffer content) {
    int size() {
      return content.capacity();
    }
  }

  @TempDir Path scratch;

  private final String transport;

  ConcurrentReadersTest(String transport) {
    this.transport = transport;
  }

  /** Half of it for each transport. */
  private static long seconds() {
    return Long.getLong("unsealfs.torture.seconds", Needs.isContinuousIntegration() ? 60 : 10) / 2;
  }

  @Test
  void manyReadersNeverSeeAWrongByte()
      throws IOException, InterruptedException, ExecutionException {
    Needs.fuse();
    VectorVolume vector = VectorVolume.named("default-full");
    Path theirs = vector.unpack(scratch);
    byte[] weights = VectorVolume.content("weights", COMPUTED_SIZE);
    Path ours = encrypt(weights);
    try (Mounted written =
            Mounted.mount(
                scratch,
                ours,
                "--transport",
                transport,
                "--key",
                Secrets.reference(scratch, PASSWORD),
                "--cache",
                "2M");
        Mounted shared =
            Mounted.mount(
                scratch,
                theirs,
                "--transport",
                transport,
                "--key",
                Secrets.reference(scratch, vector.password()),
                "--cache",
                "1M")) {
      List<Known> files =
          List.of(
              new Known(written.resolve("weights"), ByteBuffer.wrap(weights)),
              known(shared, "big/1MiB-plus-1.bin", (1 << 20) + 1),
              known(shared, "sizes/s131073.bin", 131_073),
              known(shared, "sizes/s131071.bin", 131_071));
      long reads = read(files);
      assertTrue(reads > READERS, "reads: " + reads);
      for (Mounted mounted : List.of(written, shared)) {
        assertEquals(
            List.of(),
            mounted.log().stream()
                .filter(line -> line.contains("error") || line.contains("warning"))
                // of the machine, by other tests
                .filter(line -> !line.contains("memory is short"))
                .toList());
      }
    }
  }

  private Path encrypt(byte[] weights) throws IOException, InterruptedException {
    Path plain = Files.createDirectory(scratch.resolve("plain"));
    Files.write(plain.resolve("weights"), weights);
    Path volume = scratch.resolve("volume");
    Command.unsealfs(scratch, "encrypt", plain.toString(), volume.toString())
        .with("--format", "gocryptfs", "--key", Secrets.reference(scratch, PASSWORD))
        .run()
        .assertStatus(0);
    return volume;
  }

  private static Known known(Mounted mounted, String path, int size) {
    return new Known(mounted.resolve(path), ByteBuffer.wrap(VectorVolume.content(path, size)));
  }

  private static long read(List<Known> files)
      throws IOException, InterruptedException, ExecutionException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds());
    try (ExecutorService readers = Executors.newFixedThreadPool(READERS)) {
      List<Future<Long>> results = new ArrayList<>();
      for (int reader = 0; reader < READERS; reader++) {
        // most of them at the large file, half of them past the kernel's cache
        Known known = files.get(reader % 3 == 2 ? 1 + reader / 3 % 3 : 0);
        boolean direct = reader % 2 == 0;
        long seed = reader;
        results.add(readers.submit(() -> read(known, direct, new Random(seed), deadline)));
      }
      long reads = 0;
      for (Future<Long> result : results) {
        reads += result.get();
      }
      return reads;
    }
  }

  /** O_DIRECT: the JDK offers it, but javac warns of everybody who names it. */
  private static OpenOption directReads() {
    try {
      return (OpenOption)
          Class.forName("com.sun.nio.file.ExtendedOpenOption").getField("DIRECT").get(null);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("this JDK has no direct reads", e);
    }
  }

  /** Reads one file until the deadline and compares every byte. */
  private static long read(Known known, boolean direct, Random random, long deadline)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(MOST + 2 * ALIGNMENT).alignedSlice(ALIGNMENT);
    long reads = 0;
    try (FileChannel channel =
        direct
            ? FileChannel.open(known.file(), StandardOpenOption.READ, directReads())
            : FileChannel.open(known.file(), StandardOpenOption.READ)) {
      assertEquals(known.size(), channel.size());
      for (; System.nanoTime() < deadline; reads++) {
        int offset = random.nextInt(known.size());
        int length = 1 + random.nextInt(reads % 4 == 0 ? MOST : 3 * ALIGNMENT);
        if (direct) {
          offset -= offset % ALIGNMENT;
          length += ALIGNMENT - length % ALIGNMENT;
        }
        int available = Math.min(length, known.size() - offset);
        buffer.clear().limit(length);
        int read = channel.read(buffer, offset);
        String where = known.file() + " from " + offset + ", " + length + " bytes";
        assertEquals(available, read, where);
        int mismatch = buffer.flip().mismatch(known.content().slice(offset, available));
        assertEquals(-1, mismatch, where + ": first wrong byte");
      }
    }
    return reads;
  }
}
