package io.unsealfs.attest.tdx;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.Attester;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.attest.tsm.Pause;
import io.unsealfs.attest.tsm.TsmFiles;
import io.unsealfs.attest.tsm.TsmQuotes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;

/** TDX quotes through the kernel's configfs-tsm, with the boot event log. */
public final class TdxAttester implements Attester {
  /** The ACPI table that describes the event log. */
  public static final Path CCEL_TABLE = Path.of("/sys/firmware/acpi/tables/CCEL");

  /** The event log's bytes. */
  public static final Path CCEL_DATA = Path.of("/sys/firmware/acpi/tables/data/CCEL");

  private static final String TYPE = "tdx";
  private static final String PROVIDER = "tdx_guest";

  private final Path root;
  private final TsmQuotes quotes;
  private final EventLog eventLog;
  private final boolean allowDebug;

  /** Attests through the kernel of this host. */
  public TdxAttester(boolean allowDebug) {
    this(TsmQuotes.REPORT_ROOT, CCEL_TABLE, CCEL_DATA, allowDebug);
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
    this.quotes = new TsmQuotes(files, root, PROVIDER, false, pause);
    this.eventLog = eventLog;
    this.allowDebug = allowDebug;
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
    TdxQuote quote = check(TdxQuote.parse(quotes.request(reportData).signed()), reportData);
    return new Evidence(TYPE, quote.toBytes(), eventLog.read());
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
}
