package io.unsealfs.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.unsealfs.verify.eventlog.BootFacts;
import io.unsealfs.verify.eventlog.EventLog;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What is judged beside a quote. */
final class EvidenceTargets {
  private static final int SHIM_LOG_BYTES = 9822;

  private EvidenceTargets() {}

  static FuzzTarget eventLog() throws IOException {
    List<byte[]> corpus = new ArrayList<>();
    for (String name :
        List.of(
            "trustee-ccel-aael-alibabacloud.bin",
            "trustee-ccel-ovmf.bin",
            "trustee-ccel-tdshim.bin")) {
      byte[] log = Files.readAllBytes(CipherVolume.vectors().resolveSibling("tdx").resolve(name));
      // the rest of the area is padding
      corpus.add(Arrays.copyOf(log, Math.min(log.length, SHIM_LOG_BYTES)));
    }
    return new ParserTarget(
        "event-log",
        corpus,
        List.of(
            new byte[] {0x0c, 0},
            new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff},
            new byte[8],
            "grub_cmd: ".getBytes(UTF_8),
            "LEAA".getBytes(UTF_8)),
        input -> {
          EventLog log = EventLog.parse(input);
          if (log.replay().length != EventLog.RTMRS) {
            throw new AssertionError("registers are missing");
          }
          BootFacts facts = BootFacts.of(log);
          int told =
              facts.kernelCommandLines().size()
                  + facts.unexplained().size()
                  + facts.agentEvents().size()
                  + facts.unexplainedInRtmr3().size();
          if (told > log.size()) {
            throw new AssertionError("more facts than entries");
          }
        });
  }
}
