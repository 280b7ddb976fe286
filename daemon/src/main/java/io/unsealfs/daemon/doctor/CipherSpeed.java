package io.unsealfs.daemon.doctor;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.security.GeneralSecurityException;
import java.util.Locale;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** A short run of the cipher that reads use: AES-256-GCM in blocks of 4 KiB, one thread. */
public final class CipherSpeed {
  private static final int BLOCK_BYTES = 4096;
  private static final int BLOCKS_PER_SLICE = 128;

  /** Of this thread alone: on a busy machine the clock on the wall says nothing of the cipher. */
  private static final long CPU_NANOS = 1_000_000_000L;

  private static final long LONGEST_NANOS = 5_000_000_000L;
  private static final double SLOW_GIB_PER_SECOND = 0.5;

  private CipherSpeed() {}

  /** Runs for about a second. */
  public static Diagnosis check() {
    double rate;
    try {
      rate = gibibytesPerSecond();
    } catch (GeneralSecurityException e) {
      return Diagnosis.fail(
          "AES-256-GCM", "does not work: " + e.getMessage(), "use an unaltered JDK 25");
    }
    return of(rate);
  }

  static Diagnosis of(double rate) {
    String finding = String.format(Locale.ROOT, "%.1f GiB/s in one thread", rate);
    return rate >= SLOW_GIB_PER_SECOND
        ? Diagnosis.ok("AES-256-GCM", finding)
        : Diagnosis.warn(
            "AES-256-GCM",
            finding + ": as slow as without the processor's AES instructions",
            "show aes and pclmulqdq to the guest (/proc/cpuinfo), and leave out"
                + " -XX:TieredStopAtLevel and -XX:-UseAES; try again when the machine is idle");
  }

  /** The best slice: the first ones run before the compiler is done. */
  private static double gibibytesPerSecond() throws GeneralSecurityException {
    SecretKeySpec key = new SecretKeySpec(new byte[32], "AES");
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    byte[] plaintext = new byte[BLOCK_BYTES];
    cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, new byte[16]));
    byte[] ciphertext = cipher.doFinal(plaintext);
    GCMParameterSpec nonce = new GCMParameterSpec(128, new byte[16]);
    long best = Long.MAX_VALUE;
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long deadline = System.nanoTime() + LONGEST_NANOS;
    long start = threads.getCurrentThreadCpuTime();
    for (long now = start; now - start < CPU_NANOS && System.nanoTime() < deadline; ) {
      for (int i = 0; i < BLOCKS_PER_SLICE; i++) {
        cipher.init(Cipher.DECRYPT_MODE, key, nonce);
        cipher.doFinal(ciphertext, 0, ciphertext.length, plaintext, 0);
      }
      long end = threads.getCurrentThreadCpuTime();
      best = Math.min(best, Math.max(1, end - now));
      now = end;
    }
    return (double) BLOCKS_PER_SLICE * BLOCK_BYTES / (1 << 30) * 1e9 / best;
  }
}
