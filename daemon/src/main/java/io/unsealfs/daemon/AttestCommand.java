package io.unsealfs.daemon;

import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.EvidenceJson;
import io.unsealfs.attest.ReportData;
import java.io.IOException;
import java.util.HexFormat;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unsealfs attest}. */
@Command(
    name = "attest",
    description = "Prints this host's evidence: the raw quote, or with --json all of it.")
final class AttestCommand implements Callable<Integer> {
  private final Wiring wiring;

  @Option(
      names = "--report-data",
      paramLabel = "HEX",
      defaultValue = "",
      description = "Up to 64 bytes for the evidence to cover; padded with zeros.")
  String reportData = "";

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Option(
      names = "--attester",
      paramLabel = "auto|tdx|snp|sample",
      defaultValue = "auto",
      description = "Who makes the evidence (default: ${DEFAULT-VALUE}).")
  String attester = "auto";

  AttestCommand(Wiring wiring) {
    this.wiring = wiring;
  }

  @Override
  public Integer call() throws IOException {
    byte[] bytes;
    try {
      bytes = HexFormat.of().parseHex(reportData);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--report-data: not hexadecimal");
    }
    if (bytes.length > ReportData.SIZE) {
      throw new UsageException("--report-data: more than 64 bytes");
    }
    ReportData covered = ReportData.of(bytes);
    Evidence evidence = wiring.printingAttester(attester).collect(covered);
    if (json) {
      EvidenceJson.write(evidence, covered, System.out);
      System.out.flush();
    } else {
      System.out.write(evidence.quote());
      System.out.flush();
    }
    return ExitCode.DONE.status();
  }
}
