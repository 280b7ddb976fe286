package io.unsealfs.bench;

import static java.util.Objects.requireNonNull;

import io.unsealfs.storage.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Reads of an open file, out of the cache of decrypted blocks and past it. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CacheBenchmark {
  private static final int SMALL = 4096;
  private static final int REQUEST = 128 << 10;

  /** A file that fits into its cache and one that does not; shared by all threads. */
  @State(Scope.Benchmark)
  public static class Files {
    /** Who computes AES. */
    @Param({"native", "jdk"})
    public String engine = "native";

    private @Nullable SampleVolume cached;
    private @Nullable SampleVolume uncached;
    private @Nullable Source hit;
    private @Nullable Source miss;

    /** Opens both, and reads the first once. */
    @Setup
    public void open() throws IOException, InterruptedException {
      Engine.use(engine);
      SampleVolume large = new SampleVolume(4L * SampleVolume.FILE_BYTES);
      SampleVolume small = new SampleVolume(1 << 20);
      Source file = large.openLarge();
      for (long offset = 0; offset < file.size(); offset += SMALL) {
        readInto(file, offset, new byte[SMALL]);
      }
      cached = large;
      uncached = small;
      hit = file;
      miss = small.openLarge();
    }

    /** Closes both. */
    @TearDown
    public void close() throws IOException {
      requireNonNull(hit).close();
      requireNonNull(miss).close();
      requireNonNull(cached).close();
      requireNonNull(uncached).close();
    }
  }

  /** What each thread has to itself. */
  @State(Scope.Thread)
  public static class Reader {
    private final byte[] small = new byte[SMALL];
    private final byte[] request = new byte[REQUEST];
    private final SplittableRandom random = new SplittableRandom();
  }

  /** 4 KiB at a random place, in the cache. */
  @Benchmark
  public byte[] smallReadInCache(Files files, Reader reader) throws IOException {
    long place = reader.random.nextLong(SampleVolume.FILE_BYTES / SMALL) * SMALL;
    return readInto(requireNonNull(files.hit), place, reader.small);
  }

  /** 4 KiB at a random place of a file 32 times as large as the cache. */
  @Benchmark
  public byte[] smallReadPastCache(Files files, Reader reader) throws IOException {
    long place = reader.random.nextLong(SampleVolume.FILE_BYTES / SMALL) * SMALL;
    return readInto(requireNonNull(files.miss), place, reader.small);
  }

  /** 128 KiB at a random place, not in the cache: read, decrypted, handed over. */
  @Benchmark
  public byte[] requestPastCache(Files files, Reader reader) throws IOException {
    long place = reader.random.nextLong(SampleVolume.FILE_BYTES / REQUEST) * REQUEST;
    return readInto(requireNonNull(files.miss), place, reader.request);
  }

  private static byte[] readInto(Source file, long offset, byte[] plaintext) throws IOException {
    if (file.read(offset, ByteBuffer.wrap(plaintext)) != plaintext.length) {
      throw new IOException("short read");
    }
    return plaintext;
  }
}
