package io.unsealfs.attest.tsm;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.attest.ReportData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;

/** One request for evidence through a directory of its own; the directory never stays behind. */
final class TsmReport {
  private static final System.Logger LOG = System.getLogger(TsmReport.class.getName());
  private static final int MAX_ATTRIBUTE_BYTES = 256;

  /** What the kernel's classic buffer holds; more is another, CBOR based, format. */
  private static final int MAX_OUTBLOB_BYTES = 8 << 10;

  /** What the kernel takes from a host. */
  private static final int MAX_AUXBLOB_BYTES = 16 << 10;

  private final TsmFiles files;
  private final Path root;
  private final String provider;
  private final boolean withAuxiliary;

  TsmReport(TsmFiles files, Path root, String provider, boolean withAuxiliary) {
    this.files = files;
    this.root = root;
    this.provider = provider;
    this.withAuxiliary = withAuxiliary;
  }

  /**
   * The bytes of {@code outblob}, and of {@code auxblob} if wanted.
   *
   * @throws AttestationException if the provider is another one or nothing came
   * @throws TsmException if an operation failed, with what it means
   */
  TsmBlobs request(ReportData reportData) throws AttestationException, TsmException {
    Path report = root.resolve("unsealfs-" + UUID.randomUUID());
    try {
      files.create(report);
    } catch (IOException e) {
      throw new TsmException("create " + report, TsmError.of(e), e);
    }
    try {
      requireProvider(report);
      return blobs(report, reportData);
    } finally {
      remove(report);
    }
  }

  private void requireProvider(Path report) throws AttestationException, TsmException {
    String found = text(report.resolve("provider"));
    if (!found.equals(provider)) {
      throw new AttestationException(
          "no evidence on this host: its attestation provider is %s, not %s"
              .formatted(found.replaceAll("[^a-z0-9_]", "?"), provider));
    }
  }

  private TsmBlobs blobs(Path report, ReportData reportData)
      throws AttestationException, TsmException {
    Path inblob = report.resolve("inblob");
    try {
      files.write(inblob, reportData.toBytes());
    } catch (IOException e) {
      throw new TsmException("write " + inblob, TsmError.of(e), e);
    }
    byte[] quote = read(report.resolve("outblob"), MAX_OUTBLOB_BYTES + 1);
    byte[] auxiliary =
        withAuxiliary ? read(report.resolve("auxblob"), MAX_AUXBLOB_BYTES + 1) : new byte[0];
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
    return new TsmBlobs(quote, auxiliary);
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
