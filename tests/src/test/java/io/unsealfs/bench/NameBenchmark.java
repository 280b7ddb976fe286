package io.unsealfs.bench;

import static java.util.Objects.requireNonNull;

import io.unsealfs.storage.DirectoryEntry;
import io.unsealfs.storage.Name;
import io.unsealfs.storage.Node;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Decoding of encrypted names (EME, base64), with the system calls that bring them. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class NameBenchmark {
  private static final Name ONE = Name.of("model-00500-of-01000.safetensors");

  private @Nullable SampleVolume volume;
  private @Nullable Node directory;

  /** Makes and opens a volume. */
  @Setup
  public void open() throws IOException {
    SampleVolume opened = new SampleVolume(1 << 20);
    volume = opened;
    directory = opened.find("names");
  }

  /** Closes it. */
  @TearDown
  public void close() throws IOException {
    requireNonNull(volume).close();
  }

  /** A directory of 1000 names, each decrypted. */
  @Benchmark
  public List<DirectoryEntry> list() throws IOException {
    return requireNonNull(volume).tree().list(requireNonNull(directory));
  }

  /** One name, encrypted and looked up. */
  @Benchmark
  public Node lookup() throws IOException {
    return requireNonNull(volume).tree().lookup(requireNonNull(directory), ONE);
  }
}
