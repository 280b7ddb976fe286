package io.unsealfs.attest.tdx;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.Attester;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;

/**
 * TDX quotes through the kernel's configfs-tsm, with the boot event log. Retries what can pass, at
 * most five times within a deadline, never in two threads of a process: all TDs of a host share one
 * quoting service.
 */
public final class TdxAttester implements Attester {
  /** Where the kernel keeps reports. */
  public static final Path REPORT_ROOT = Path.of("/sys/kernel/config/tsm/report");

  /** The ACPI table that describes the event log. */
  public static final Path CCEL_TABLE = Path.of("/sys/firmware/acpi/tables/CCEL");

  /** The event log's bytes. */
  public static final Path CCEL_DATA = Path.of("/sys/firmware/acpi/tables/data/CCEL");

  private static final String TYPE = "tdx";
  private static final Duration DEADLINE = Duration.ofSeconds(90);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final ReentrantLock ONE_AT_A_TIME = new ReentrantLock();

  private final Path root;
  private final TsmReport report;
  private final EventLog eventLog;
  private final boolean allowDebug;
  private final Pause pause;

  /** Attests through the kernel of this host. */
  public TdxAttester(boolean allowDebug) {
    this(REPORT_ROOT, CCEL_TABLE, CCEL_DATA, allowDebug);
  }

  /**
   * Attests through other paths.
   *
   * @param root the report directory of configfs-tsm
   * @param ccelTable the ACPI table CCEL; need not exist
   * @param ccelData the event log; need not exist
   * @param allowDebug make evidence even where the host can read this TD's memory; a key fetched
   *     with it would be the host's
   */
  public TdxAttester(Path root, Path ccelTable, Path ccelData, boolean allowDebug) {
    this(root, new EventLog(ccelTable, ccelData), allowDebug, new TsmFiles(), Thread::sleep);
  }

  TdxAttester(Path root, EventLog eventLog, boolean allowDebug, TsmFiles files, Pause pause) {
    this.root = root;
    this.report = new TsmReport(files, root);
    this.eventLog = eventLog;
    this.allowDebug = allowDebug;
    this.pause = pause;
  }

  @Override
  public String name() {
    return TYPE;
  }

  /** Whether configfs-tsm is there; which TEE is behind it shows only when a quote is made. */
  @Override
  public boolean isAvailable() {
    return Files.isDirectory(root) && Files.isWritable(root);
  }

  @Override
  public Evidence collect(ReportData reportData) throws AttestationException {
    if (!Files.isDirectory(root)) {
      throw new AttestationException(
          "no TDX quote on this host: "
              + root
              + " does not exist; it takes a TDX guest, Linux 6.7 with tdx_guest, and configfs");
    }
    ONE_AT_A_TIME.lock();
    try {
      TdxQuote quote = check(TdxQuote.parse(requestWithRetries(reportData)), reportData);
      return new Evidence(TYPE, quote.toBytes(), eventLog.read());
    } finally {
      ONE_AT_A_TIME.unlock();
    }
  }

  private TdxQuote check(TdxQuote quote, ReportData reportData) throws AttestationException {
    if (!MessageDigest.isEqual(quote.reportData(), reportData.toBytes())) {
      throw new AttestationException(
          "the quote does not cover what was asked: it is stale or somebody else's; try again");
    }
    if (quote.isDebug() && !allowDebug) {
      throw new AttestationException(
          "this TD has the DEBUG attribute: the host can read its memory, and would read the key;"
              + " start it without debugging");
    }
    return quote;
  }

  private byte[] requestWithRetries(ReportData reportData) throws AttestationException {
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
