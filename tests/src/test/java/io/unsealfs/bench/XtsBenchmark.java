package io.unsealfs.bench;

import io.unsealfs.crypto.AesXts;
import io.unsealfs.crypto.SectorCipher;
import io.unsealfs.crypto.SectorIv;
import java.util.concurrent.TimeUnit;
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

/** Decrypting the sectors of a LUKS image that one request of 128 KiB asks for. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class XtsBenchmark {
  private static final int REQUEST = 128 << 10;
  private static final int RUN = 4096;

  /** Who computes it. */
  @Param({"native", "jdk"})
  public String engine = "native";

  /** Bytes per sector. */
  @Param({"512", "4096"})
  public int sectorBytes = 4096;

  private final byte[] ciphertext = new byte[REQUEST];
  private final byte[] plaintext = new byte[REQUEST];
  private SectorCipher cipher = cipher(sectorBytes);

  private static SectorCipher cipher(int sectorBytes) {
    byte[] key = new byte[64];
    key[0] = 1;
    return new AesXts(key, SectorIv.PLAIN64, sectorBytes);
  }

  /** Chooses the engine. */
  @Setup
  public void prepare() throws InterruptedException {
    Engine.use(engine);
    cipher = cipher(sectorBytes);
  }

  /** One request. */
  @Benchmark
  public byte[] request() {
    try (SectorCipher.Worker worker = cipher.borrow()) {
      for (int at = 0; at < REQUEST; at += RUN) {
        worker.decrypt(at / SectorCipher.UNIT, ciphertext, at, RUN, plaintext, at);
      }
    }
    return plaintext;
  }
}
