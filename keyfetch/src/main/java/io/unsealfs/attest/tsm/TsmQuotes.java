package io.unsealfs.attest.tsm;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.ReportData;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Requests to configfs-tsm. What can pass is tried again, at most five times within a deadline,
 * never in two threads of a process: all guests of a host share what signs.
 */
public final class TsmQuotes {
  /** Where the kernel keeps reports. */
  public static final Path REPORT_ROOT = Path.of("/sys/kernel/config/tsm/report");

  private static final Duration DEADLINE = Duration.ofSeconds(90);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final ReentrantLock ONE_AT_A_TIME = new ReentrantLock();

  private final TsmReport report;
  private final Pause pause;

  /**
   * Requests to one provider.
   *
   * @param provider what the kernel calls it, such as {@code tdx_guest}
   * @param withAuxiliary whether what lies beside the signed blob is wanted too
   */
  public TsmQuotes(TsmFiles files, Path root, String provider, boolean withAuxiliary, Pause pause) {
    this.report = new TsmReport(files, root, provider, withAuxiliary);
    this.pause = pause;
  }

  /**
   * What the kernel answers about {@code reportData}.
   *
   * @throws AttestationException if this host has another provider, or none, or it failed
   */
  public TsmBlobs request(ReportData reportData) throws AttestationException {
    ONE_AT_A_TIME.lock();
    try {
      return requestWithRetries(reportData);
    } finally {
      ONE_AT_A_TIME.unlock();
    }
  }

  private TsmBlobs requestWithRetries(ReportData reportData) throws AttestationException {
    long start = System.nanoTime();
    for (int tried = 1; ; tried++) {
      try {
        return report.request(reportData);
      } catch (TsmException e) {
        Duration wait = jittered(FIRST_PAUSE.multipliedBy(1L << (tried - 1)));
        Duration spent = Duration.ofNanos(System.nanoTime() - start);
        if (tried >= e.error().tries() || spent.plus(wait).compareTo(DEADLINE) > 0) {
          throw e;
        }
        waitOrGiveUp(wait, e);
      }
    }
  }

  private void waitOrGiveUp(Duration wait, TsmException last) throws TsmException {
    try {
      pause.pause(wait);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw last;
    }
  }

  /** Between half of {@code pause} and all of it. */
  private static Duration jittered(Duration pause) {
    long half = pause.toNanos() / 2;
    return Duration.ofNanos(half + ThreadLocalRandom.current().nextLong(half + 1));
  }
}
