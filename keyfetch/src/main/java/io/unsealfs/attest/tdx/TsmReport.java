package io.unsealfs.attest.tdx;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.ReportData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;

/** One request for a quote through a directory of its own; the directory never stays behind. */
final class TsmReport {
  private static final System.Logger LOG = System.getLogger(TsmReport.class.getName());
  private static final int MAX_ATTRIBUTE_BYTES = 256;

  /** What the kernel's classic buffer holds; more is another, CBOR based, format. */
  private static final int MAX_OUTBLOB_BYTES = 8 << 10;

  private final TsmFiles files;
  private final Path root;

  TsmReport(TsmFiles files, Path root) {
    this.files = files;
    this.root = root;
  }

  /**
   * The bytes of {@code outblob}, perhaps padded.
   *
   * @throws AttestationException if this is no TDX guest or what came is no quote
   * @throws TsmException if an operation failed, with what it means
   */
  byte[] request(ReportData reportData) throws AttestationException, TsmException {
    Path report = root.resolve("unsealfs-" + UUID.randomUUID());
    try {
      files.create(report);
    } catch (IOException e) {
      throw new TsmException("create " + report, TsmError.of(e), e);
    }
    try {
      requireTdx(report);
      return quote(report, reportData);
    } finally {
      remove(report);
    }
  }

  private void requireTdx(Path report) throws AttestationException, TsmException {
    String provider = text(report.resolve("provider"));
    if (!provider.equals("tdx_guest")) {
      throw new AttestationException(
          "no TDX quote on this host: its attestation provider is %s, not tdx_guest"
              .formatted(provider.replaceAll("[^a-z0-9_]", "?")));
    }
  }

  private byte[] quote(Path report, ReportData reportData)
      throws AttestationException, TsmException {
    Path inblob = report.resolve("inblob");
    try {
      files.write(inblob, reportData.toBytes());
    } catch (IOException e) {
      throw new TsmException("write " + inblob, TsmError.of(e), e);
    }
    byte[] quote = read(report.resolve("outblob"), MAX_OUTBLOB_BYTES + 1);
    // one write into a fresh directory; any other count means that somebody else wrote too
    String generation = text(report.resolve("generation"));
    if (!generation.equals("1")) {
      throw new TsmException("use " + report, TsmError.CHANGED, null);
    }
    if (quote.length == 0) {
      throw new AttestationException(
          "empty quote: check the host's quote generation service; it is not connected or too old");
    }
    if (quote.length > MAX_OUTBLOB_BYTES) {
      throw new AttestationException(
          "the quote is larger than 8 KiB: a newer format that is not supported");
    }
    return quote;
  }

  private String text(Path attribute) throws TsmException {
    return new String(read(attribute, MAX_ATTRIBUTE_BYTES), StandardCharsets.ISO_8859_1).strip();
  }

  private byte[] read(Path attribute, int maxBytes) throws TsmException {
    try {
      return files.read(attribute, maxBytes);
    } catch (IOException e) {
      throw new TsmException("read " + attribute, TsmError.of(e), e);
    }
  }

  private void remove(Path report) {
    try {
      files.remove(report);
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "report directory {0} stays behind ({1}); remove it with rmdir",
          report,
          e.getMessage());
    }
  }
}
