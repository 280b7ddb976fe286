package io.unsealfs.bench;

import io.unsealfs.crypto.Aead;
import io.unsealfs.crypto.AesGcm;
import io.unsealfs.crypto.AesSiv;
import io.unsealfs.crypto.XChaCha20Poly1305;
import java.util.concurrent.TimeUnit;
import javax.crypto.AEADBadTagException;
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

/** Decrypting what one request of 128 KiB asks for, block by block. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CipherBenchmark {
  private static final int REQUEST = 128 << 10;
  private static final int ASSOCIATED_BYTES = 24;

  /** The cipher. */
  @Param({"aes-gcm", "aes-siv", "xchacha20-poly1305"})
  public String cipher = "aes-gcm";

  /** Who computes AES. */
  @Param({"native", "jdk"})
  public String engine = "native";

  /** Plaintext bytes per block. */
  @Param({"4096", "65536"})
  public int blockBytes = 4096;

  private final byte[] associatedData = new byte[ASSOCIATED_BYTES];
  private Aead aead = new AesGcm(new byte[32], 16);
  private byte[] nonces = {};
  private byte[] sealed = {};
  private byte[] plaintext = {};

  /** Seals the blocks, each with a nonce of its own. */
  @Setup
  public void seal() throws InterruptedException {
    Engine.use(engine);
    aead =
        switch (cipher) {
          case "aes-siv" -> new AesSiv(new byte[64], 16);
          case "xchacha20-poly1305" -> new XChaCha20Poly1305(new byte[32], 24);
          default -> new AesGcm(new byte[32], 16);
        };
    int blocks = REQUEST / blockBytes;
    nonces = new byte[blocks * aead.nonceSize()];
    sealed = new byte[blocks * (blockBytes + Aead.TAG_SIZE)];
    plaintext = new byte[REQUEST];
    try (Aead.Worker worker = aead.borrow()) {
      for (int i = 0; i < blocks; i++) {
        int nonce = i * aead.nonceSize();
        nonces[nonce] = (byte) (i + 1);
        int at = i * (blockBytes + Aead.TAG_SIZE);
        worker.seal(
            nonces, nonce, associatedData, plaintext, i * blockBytes, blockBytes, sealed, at);
      }
    }
  }

  /** One request. */
  @Benchmark
  public byte[] request() throws AEADBadTagException {
    int stored = blockBytes + Aead.TAG_SIZE;
    try (Aead.Worker worker = aead.borrow()) {
      for (int i = 0; i < REQUEST / blockBytes; i++) {
        worker.open(
            nonces,
            i * aead.nonceSize(),
            associatedData,
            sealed,
            i * stored,
            stored,
            plaintext,
            i * blockBytes);
      }
    }
    return plaintext;
  }
}
