package io.unsealfs.daemon.bench;

import io.unsealfs.crypto.Aead;
import io.unsealfs.crypto.AesGcm;
import io.unsealfs.crypto.AesSiv;
import io.unsealfs.crypto.XChaCha20Poly1305;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.crypto.AEADBadTagException;

/**
 * How fast one thread decrypts and authenticates with one cipher.
 *
 * @param cipher its name
 * @param blockBytes plaintext bytes per block
 * @param firstMebibytesPerSecond speed of the first 4 MiB in this process, before the just-in-time
 *     compiler has done its work; a cipher that was used before in this process starts warm
 * @param mebibytesPerSecond speed afterwards
 */
public record CipherSpeed(
    String cipher, int blockBytes, double firstMebibytesPerSecond, double mebibytesPerSecond) {

  private static final int FIRST_BYTES = 4 << 20;
  private static final int BATCH_BYTES = 1 << 20;
  private static final int BLOCK = 4096;
  private static final int LARGE_BLOCK = 64 << 10;

  /** Bytes of associated data that gocryptfs has with each block. */
  private static final int ASSOCIATED_BYTES = 24;

  private record Candidate(String name, int blockBytes, Supplier<Aead> cipher) {}

  private static final List<Candidate> CANDIDATES =
      List.of(
          new Candidate("AES-256-GCM, 16-byte nonce", BLOCK, () -> new AesGcm(new byte[32], 16)),
          new Candidate(
              "AES-256-GCM, 12-byte nonce", LARGE_BLOCK, () -> new AesGcm(new byte[32], 12)),
          new Candidate("AES-SIV-512", BLOCK, () -> new AesSiv(new byte[64], 16)),
          new Candidate(
              "XChaCha20-Poly1305", BLOCK, () -> new XChaCha20Poly1305(new byte[32], 24)));

  /**
   * Measures each cipher that a volume may use and hands over each result as it comes.
   *
   * @param each how long one cipher takes once it is warm
   */
  public static void measureAll(Duration each, Consumer<CipherSpeed> results) {
    for (Candidate candidate : CANDIDATES) {
      try (Aead cipher = candidate.cipher().get()) {
        results.accept(measure(candidate, cipher, each));
      } catch (AEADBadTagException e) {
        throw new IllegalStateException(
            candidate.name() + " does not open what it has sealed itself", e);
      }
    }
  }

  private static CipherSpeed measure(Candidate candidate, Aead cipher, Duration each)
      throws AEADBadTagException {
    Batch batch = new Batch(cipher, candidate.blockBytes());
    double first = batch.speed(FIRST_BYTES, Duration.ZERO);
    batch.speed(0, each.dividedBy(2)); // compiles what the first bytes have not
    double later = batch.speed(FIRST_BYTES, each);
    return new CipherSpeed(candidate.name(), candidate.blockBytes(), first, later);
  }

  /** Sealed blocks, opened again and again; every one has a nonce of its own. */
  private static final class Batch {
    private final Aead cipher;
    private final int blockBytes;
    private final int blocks;
    private final byte[] nonces;
    private final byte[] sealed;
    private final byte[] associatedData = new byte[ASSOCIATED_BYTES];
    private final byte[] plaintext;

    Batch(Aead cipher, int blockBytes) {
      this.cipher = cipher;
      this.blockBytes = blockBytes;
      this.blocks = BATCH_BYTES / blockBytes;
      this.nonces = new byte[blocks * cipher.nonceSize()];
      this.sealed = new byte[blocks * (blockBytes + Aead.TAG_SIZE)];
      this.plaintext = new byte[blockBytes];
      try (Aead.Worker worker = cipher.borrow()) {
        for (int i = 0; i < blocks; i++) {
          int nonce = i * cipher.nonceSize();
          nonces[nonce] = (byte) i;
          nonces[nonce + 1] = (byte) (i >> 8);
          worker.seal(
              nonces,
              nonce,
              associatedData,
              plaintext,
              0,
              blockBytes,
              sealed,
              i * (blockBytes + Aead.TAG_SIZE));
        }
      }
    }

    /** Mebibytes per second over at least so many bytes and so long. */
    double speed(long leastBytes, Duration least) throws AEADBadTagException {
      int stored = blockBytes + Aead.TAG_SIZE;
      long start = System.nanoTime();
      long bytes = 0;
      try (Aead.Worker worker = cipher.borrow()) {
        do {
          for (int i = 0; i < blocks; i++) {
            worker.open(
                nonces,
                i * cipher.nonceSize(),
                associatedData,
                sealed,
                i * stored,
                stored,
                plaintext,
                0);
          }
          bytes += (long) blocks * blockBytes;
        } while (bytes < leastBytes || System.nanoTime() - start < least.toNanos());
      }
      return bytes * 1e9 / (System.nanoTime() - start) / (1 << 20);
    }
  }
}
