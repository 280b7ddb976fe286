package io.unsealfs.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.unsealfs.verify.Claims;
import io.unsealfs.verify.eventlog.BootFacts;
import io.unsealfs.verify.eventlog.EventLog;
import io.unsealfs.verify.policy.LogReading;
import io.unsealfs.verify.policy.Policy;
import io.unsealfs.verify.policy.Requester;
import io.unsealfs.verify.policy.SecretPolicy;
import io.unsealfs.verify.policy.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

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

  static FuzzTarget policy() {
    String hex = "0a".repeat(48);
    String[] texts = {
      """
      version: 1
      secrets:
        - name: model
          max_releases: 5
          rules:
            - name: vm
              tee: tdx
              mr_td: [%s]
              allow_td_attributes: [MIGRATABLE]
              xfam: [e702060000000000]
              accept_tcb:
                - {status: OutOfDate, advisories: [INTEL-SA-1], until: "2030-01-01T00:00:00Z"}
              event_log:
                kernel: [%s]
                kernel_command_line: ['/vmlinuz ro']
                secure_boot: true
                agent_events: ['a.example run x']
              requester_psk: [team]
              not_after: "2030-01-01T00:00:00Z"
      """
          .formatted(hex, hex),
      """
      version: 1
      secrets:
        - {name: a, sample: true}
        - name: b
          rules:
            - {tee: snp, measurement: [%s], vmpl: [0], min_tcb: {snp: 8}}
            - {tee: sgx, any_measurement: true}
      """
          .formatted(hex)
    };
    Claims claims =
        Claims.of(
            Claims.Tee.TDX,
            Map.of(Claims.Field.MR_TD, new byte[48], Claims.Field.XFAM, new byte[8]),
            Optional.empty());
    Subject subject =
        new Subject(claims, new LogReading.Absent(), Requester.UNKNOWN, Instant.EPOCH);
    return new ParserTarget(
        "policy",
        Stream.of(texts).map(text -> text.getBytes(UTF_8)).toList(),
        Stream.of("&a ", "*a", "<<: ", "!!str ", "\n---\n", "[", "{", "any_measurement: true\n")
            .map(text -> text.getBytes(UTF_8))
            .toList(),
        input -> {
          for (SecretPolicy one : Policy.parse(input, "fuzz").all()) {
            // it has neither a judged TCB nor the attributes a rule asks for
            if (one.judge(subject).accepted()) {
              throw new AssertionError("a policy accepts nothing at all");
            }
          }
        });
  }
}
