package io.unsealfs.attest.snp;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.Attester;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.attest.tsm.Pause;
import io.unsealfs.attest.tsm.TsmBlobs;
import io.unsealfs.attest.tsm.TsmFiles;
import io.unsealfs.attest.tsm.TsmQuotes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * SEV-SNP reports through the kernel's configfs-tsm. The evidence is the report, right behind it
 * the host's certificate table, which may be empty. Experimental: never run on such a machine.
 */
public final class SnpAttester implements Attester {
  /** The device of the kernel's driver; where it is, the guest is one of SEV-SNP. */
  public static final Path DEVICE = Path.of("/dev/sev-guest");

  private static final String TYPE = "snp";
  private static final String PROVIDER = "sev_guest";
  private static final int REPORT_BYTES = 0x4A0;
  private static final int POLICY_AT = 0x08;
  private static final int REPORT_DATA_AT = 0x50;
  private static final long POLICY_DEBUG = 1L << 19;
  private static final int MAX_TABLE_BYTES = 16 << 10;

  private final Path root;
  private final Path device;
  private final boolean allowDebug;
  private final TsmQuotes quotes;

  /**
   * Attests through the kernel of this host.
   *
   * @param allowDebug make evidence even where the host can read this guest's memory; a key fetched
   *     with it would be the host's
   */
  public SnpAttester(boolean allowDebug) {
    this(TsmQuotes.REPORT_ROOT, DEVICE, allowDebug, new TsmFiles(), Thread::sleep);
  }

  SnpAttester(Path root, Path device, boolean allowDebug, TsmFiles files, Pause pause) {
    this.root = root;
    this.device = device;
    this.allowDebug = allowDebug;
    this.quotes = new TsmQuotes(files, root, PROVIDER, true, pause);
  }

  @Override
  public String name() {
    return TYPE;
  }

  @Override
  public boolean isAvailable() {
    return Files.exists(device) && Files.isDirectory(root) && Files.isWritable(root);
  }

  @Override
  public Evidence collect(ReportData reportData) throws AttestationException {
    if (!Files.isDirectory(root)) {
      throw new AttestationException(
          "no SEV-SNP report on this host: "
              + root
              + " does not exist; it takes an SEV-SNP guest, Linux 6.7 with sev-guest, and configfs");
    }
    TsmBlobs blobs = quotes.request(reportData);
    byte[] report = blobs.signed();
    if (report.length != REPORT_BYTES) {
      throw new AttestationException(
          "the report has %d bytes, not %d: a newer format that is not supported"
              .formatted(report.length, REPORT_BYTES));
    }
    byte[] covered = Arrays.copyOfRange(report, REPORT_DATA_AT, REPORT_DATA_AT + ReportData.SIZE);
    if (!MessageDigest.isEqual(covered, reportData.toBytes())) {
      throw new AttestationException(
          "the report does not cover what was asked: it is stale or somebody else's; try again");
    }
    long policy = ByteBuffer.wrap(report).order(ByteOrder.LITTLE_ENDIAN).getLong(POLICY_AT);
    if ((policy & POLICY_DEBUG) != 0 && !allowDebug) {
      throw new AttestationException(
          "this guest's policy allows debugging: the host can read its memory, and would read the"
              + " key; start it without debugging");
    }
    if (blobs.auxiliary().length > MAX_TABLE_BYTES) {
      throw new AttestationException(
          "the certificate table is larger than the %d bytes the kernel takes"
              .formatted(MAX_TABLE_BYTES));
    }
    ByteBuffer evidence = ByteBuffer.allocate(REPORT_BYTES + blobs.auxiliary().length);
    evidence.put(report).put(blobs.auxiliary());
    return new Evidence(TYPE, evidence.array(), new byte[0]);
  }
}
