package io.unsealfs.daemon.bench;

import io.unsealfs.crypto.Aead;
import io.unsealfs.crypto.AesGcm;
import io.unsealfs.crypto.AesSiv;
import io.unsealfs.crypto.AesXts;
import io.unsealfs.crypto.SectorIv;
import io.unsealfs.crypto.XChaCha20Poly1305;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.crypto.AEADBadTagException;

/**
 * How fast one thread decrypts with one cipher, and authenticates where the cipher can.
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
  private static final int SMALL_SECTOR = 512;
  private static final int LARGE_BLOCK = 64 << 10;

  private record Candidate(String name, int blockBytes, Supplier<Batch> batch) {}

  private static final List<Candidate> CANDIDATES =
      List.of(
          sealed("AES-256-GCM, 16-byte nonce", BLOCK, () -> new AesGcm(new byte[32], 16)),
          sealed("AES-256-GCM, 12-byte nonce", LARGE_BLOCK, () -> new AesGcm(new byte[32], 12)),
          sealed("AES-SIV-512", BLOCK, () -> new AesSiv(new byte[64], 16)),
          sealed("XChaCha20-Poly1305", BLOCK, () -> new XChaCha20Poly1305(new byte[32], 24)),
          sectors("AES-256-XTS (LUKS)", BLOCK),
          sectors("AES-256-XTS (LUKS)", SMALL_SECTOR));

  private static Candidate sealed(String name, int blockBytes, Supplier<Aead> cipher) {
    return new Candidate(
        name, blockBytes, () -> new SealedBatch(cipher.get(), blockBytes, BATCH_BYTES));
  }

  private static Candidate sectors(String name, int sectorBytes) {
    return new Candidate(
        name,
        sectorBytes,
        () ->
            new SectorBatch(
                new AesXts(distinctHalves(), SectorIv.PLAIN64, sectorBytes), BATCH_BYTES));
  }

  /** There are engines that refuse a data key which is the tweak key as well. */
  private static byte[] distinctHalves() {
    byte[] key = new byte[64];
    key[0] = 1;
    return key;
  }

  /**
   * Measures each cipher that a volume may use and hands over each result as it comes.
   *
   * @param each how long one cipher takes once it is warm
   */
  public static void measureAll(Duration each, Consumer<CipherSpeed> results) {
    for (Candidate candidate : CANDIDATES) {
      try (Batch batch = candidate.batch().get()) {
        results.accept(measure(candidate, batch, each));
      } catch (AEADBadTagException e) {
        throw new IllegalStateException(
            candidate.name() + " does not open what it has sealed itself", e);
      }
    }
  }

  private static CipherSpeed measure(Candidate candidate, Batch batch, Duration each)
      throws AEADBadTagException {
    double first = speed(batch, FIRST_BYTES, Duration.ZERO);
    speed(batch, 0, each.dividedBy(2)); // compiles what the first bytes have not
    double later = speed(batch, FIRST_BYTES, each);
    return new CipherSpeed(candidate.name(), candidate.blockBytes(), first, later);
  }

  /** Mebibytes per second over at least so many bytes and so long. */
  private static double speed(Batch batch, long leastBytes, Duration least)
      throws AEADBadTagException {
    long start = System.nanoTime();
    long bytes = 0;
    do {
      batch.decrypt();
      bytes += BATCH_BYTES;
    } while (bytes < leastBytes || System.nanoTime() - start < least.toNanos());
    return bytes * 1e9 / (System.nanoTime() - start) / (1 << 20);
  }
}
