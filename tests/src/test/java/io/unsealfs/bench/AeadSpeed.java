package io.unsealfs.bench;

import io.unsealfs.crypto.Aead;
import io.unsealfs.crypto.AesGcm;
import io.unsealfs.crypto.AesSiv;
import io.unsealfs.crypto.XChaCha20Poly1305;
import java.util.Arrays;
import java.util.Locale;
import javax.crypto.AEADBadTagException;

/** Decryption speed of the content ciphers on one core: blocks of 4096 bytes, as gocryptfs has. */
final class AeadSpeed {
  private static final int BLOCK = 4096;
  private static final int BLOCKS = 256;
  private static final int ROUNDS = 9;
  private static final long ROUND_NANOS = 500_000_000;

  private AeadSpeed() {}

  /** See the class. */
  public static void main(String[] arguments) throws AEADBadTagException {
    measure("AES-256-GCM, 16-byte nonce", new AesGcm(new byte[32], 16));
    measure("AES-256-GCM, 12-byte nonce", new AesGcm(new byte[32], 12));
    measure("AES-SIV-512", new AesSiv(new byte[64], 16));
    measure("XChaCha20-Poly1305", new XChaCha20Poly1305(new byte[32], 24));
  }

  private static void measure(String name, Aead cipher) throws AEADBadTagException {
    int nonceSize = cipher.nonceSize();
    // a nonce for each block: the JDK refuses to seal twice with one
    byte[] nonces = new byte[BLOCKS * nonceSize];
    for (int i = 0; i < BLOCKS; i++) {
      nonces[i * nonceSize] = (byte) i;
      nonces[i * nonceSize + 1] = 1;
    }
    byte[] data = new byte[24];
    byte[] plain = new byte[BLOCK];
    int stored = BLOCK + Aead.TAG_SIZE;
    byte[] sealed = new byte[BLOCKS * stored];
    double[] speeds = new double[ROUNDS];
    try (cipher;
        Aead.Worker worker = cipher.borrow()) {
      for (int i = 0; i < BLOCKS; i++) {
        worker.seal(nonces, i * nonceSize, data, plain, 0, BLOCK, sealed, i * stored);
      }
      for (int round = 0; round < ROUNDS; round++) {
        long start = System.nanoTime();
        long bytes = 0;
        while (System.nanoTime() - start < ROUND_NANOS) {
          for (int i = 0; i < BLOCKS; i++) {
            worker.open(nonces, i * nonceSize, data, sealed, i * stored, stored, plain, 0);
          }
          bytes += (long) BLOCKS * BLOCK;
        }
        speeds[round] = bytes * 1e9 / (System.nanoTime() - start) / (1 << 20);
      }
    }
    // the first rounds compile
    double[] warm = Arrays.copyOfRange(speeds, 3, ROUNDS);
    Arrays.sort(warm);
    System.out.println(
        String.format(Locale.ROOT, "%-28s %6.0f MiB/s (median)", name, warm[warm.length / 2]));
  }
}
