package io.unsealfs.bench;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.dcap.Collateral;
import io.unsealfs.verify.dcap.Endorsements;
import io.unsealfs.verify.dcap.Quote;
import io.unsealfs.verify.dcap.QuoteVerifier;
import io.unsealfs.verify.dcap.TrustedRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Objects;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * Judging a real quote: with collateral that was checked before, and with everything from bytes.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AppraisalBenchmark {
  private static final Instant NOW = Instant.ofEpochSecond(1750809600);

  /** Where the shared quotes are. */
  @Param("../shared/vectors/tdx-quotes")
  public String vectors = "";

  /** The quote. */
  @Param({"v4-uptodate", "v5-alibaba"})
  public String name = "";

  private final QuoteVerifier verifier = new QuoteVerifier(QuoteVerifier.Minimum.NONE);
  private byte[] quote = {};
  private byte[] collateral = {};
  private @Nullable Endorsements endorsements;

  /** Reads the files. */
  @Setup
  public void read() throws IOException {
    quote = Files.readAllBytes(Path.of(vectors, name + ".dat"));
    collateral = Files.readAllBytes(Path.of(vectors, name + "-collateral.json"));
    endorsements = load();
  }

  private Endorsements load() throws IOException {
    return Endorsements.load(Collateral.read(collateral), TrustedRoot.intel());
  }

  /** As a key server does it. */
  @Benchmark
  public Claims collateralCheckedBefore() throws IOException {
    return verifier.verify(Quote.parse(quote), Objects.requireNonNull(endorsements), NOW);
  }

  /** As a command does it. */
  @Benchmark
  public Claims everythingFromBytes() throws IOException {
    return verifier.verify(Quote.parse(quote), load(), NOW);
  }
}
