package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.unsealfs.attest.Evidence;
import io.unsealfs.attest.ReportData;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.verify.Appraisal;
import io.unsealfs.verify.Appraiser;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.Claims.Field;
import io.unsealfs.verify.FailedCheck;
import io.unsealfs.verify.SampleAppraiser;
import io.unsealfs.verify.Tcb;
import io.unsealfs.verify.TcbStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a key server releases by its policy file. */
class PolicyReleaseTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-06-01T00:00:00Z"), ZoneOffset.UTC);
  private static final String GOOD = "aa".repeat(48);

  @TempDir Path directory = Path.of("");

  @BeforeEach
  void makeFiles() throws IOException {
    new KeyServerFixture(directory);
  }

  private KeyServer start(String policy, Appraiser appraiser) throws IOException {
    Files.writeString(directory.resolve("policy.yaml"), policy);
    Path config =
        Files.writeString(
            directory.resolve("config.yaml"),
            """
            listen: 127.0.0.1:0
            tls: {self_signed: true}
            identity_key: identity.pem
            kek_file: kek
            audit_log: audit.jsonl
            allow_sample: true
            policy: policy.yaml
            release_counts: counts
            secrets:
              - name: model
                file: model.wrapped
            """);
    return KeyServer.start(
        KeyServerConfig.read(config),
        CLOCK,
        System::nanoTime,
        new Appraisers(List.of(appraiser, new SampleAppraiser())),
        new HeapMemory());
  }

  private static String firmware(String mrTd, String more) {
    return """
    version: 1
    secrets:
      - name: model
        %s
        rules:
          - tee: tdx
            mr_td: [%s]
            firmware_only: true
            accept_tcb: [{status: OutOfDate, until: 2026-07-01T00:00:00Z}]
    """
        .formatted(more, mrTd);
  }

  /** A quote verifier that finds {@code failures} in genuine evidence of a machine out of date. */
  private static Appraiser finding(FailedCheck... failures) {
    Claims claims =
        Claims.of(
            Claims.Tee.TDX,
            Map.of(
                Field.MR_TD,
                HexFormat.of().parseHex(GOOD),
                Field.TD_ATTRIBUTES,
                new byte[] {0, 0, 0, 0x10, 0, 0, 0, 0},
                Field.XFAM,
                new byte[] {3, 0, 0, 0, 0, 0, 0, 0}),
            Optional.of(
                new Tcb(
                    TcbStatus.OUT_OF_DATE,
                    Optional.empty(),
                    Optional.empty(),
                    "",
                    List.of(),
                    Instant.EPOCH,
                    1,
                    Instant.MAX)));
    return new Appraiser() {
      @Override
      public String evidenceType() {
        return "tdx";
      }

      @Override
      public Appraisal appraise(Evidence evidence, ReportData expected) {
        return new Appraisal(List.of(failures), Optional.of(claims));
      }
    };
  }

  private static FailedCheck failure(FailedCheck.Kind kind) {
    return new FailedCheck("TCB_STATUS", kind, "UpToDate", "OutOfDate");
  }

  private static byte[] ask(KeyServer server, String type) throws IOException {
    try (StubClient client = new StubClient(server.port())) {
      var conversation = client.begin("model");
      var request = conversation.request();
      return conversation.open(
          client.ask(
              request.toBuilder()
                  .setEvidence(request.getEvidence().toBuilder().setType(type))
                  .build()));
    }
  }

  private String refusedWithAudit(KeyServer server, String type) throws IOException {
    StatusRuntimeException e = assertThrows(StatusRuntimeException.class, () -> ask(server, type));
    assertEquals(Status.Code.PERMISSION_DENIED, e.getStatus().getCode());
    List<String> lines = Files.readAllLines(directory.resolve("audit.jsonl"));
    return lines.get(lines.size() - 1);
  }

  @Test
  void aMachineThatMeetsItsPolicyGetsTheSecret() throws IOException {
    try (KeyServer server = start(firmware(GOOD, ""), finding(failure(FailedCheck.Kind.POLICY)))) {
      assertArrayEquals(KeyServerFixture.SECRET, ask(server, "tdx"));
    }
  }

  @Test
  void aMachineOfAnotherMeasurementDoesNotAndTheAuditSaysWhy() throws IOException {
    try (KeyServer server = start(firmware("ab".repeat(48), ""), finding())) {
      String line = refusedWithAudit(server, "tdx");
      assertTrue(line.contains("NOT_RELEASED") && line.contains("\"MEASUREMENT\""), line);
      assertTrue(line.contains(GOOD), line);
    }
  }

  @Test
  void noPolicyMendsEvidenceThatIsNotGenuine() throws IOException {
    for (FailedCheck.Kind kind : FailedCheck.Kind.values()) {
      if (kind != FailedCheck.Kind.POLICY) {
        try (KeyServer server = start(firmware(GOOD, ""), finding(failure(kind)))) {
          assertTrue(refusedWithAudit(server, "tdx").contains("TCB_STATUS"), kind.toString());
        }
      }
    }
  }

  @Test
  void sampleEvidenceIsTakenPerSecretOnly() throws IOException {
    try (KeyServer server = start(firmware(GOOD, ""), finding())) {
      assertTrue(refusedWithAudit(server, "sample").contains("\"TEE\""));
    }
    try (KeyServer server = start(firmware(GOOD, "sample: true"), finding())) {
      assertArrayEquals(KeyServerFixture.SECRET, ask(server, "sample"));
    }
  }

  @Test
  void releasesAreCountedAcrossRestarts() throws IOException {
    String policy = firmware(GOOD, "max_releases: 2");
    try (KeyServer server = start(policy, finding())) {
      ask(server, "tdx");
    }
    try (KeyServer server = start(policy, finding())) {
      ask(server, "tdx");
      assertTrue(refusedWithAudit(server, "tdx").contains("max_releases"));
    }
  }

  @Test
  void whatTheFilesLeaveOpenOrSayTwiceIsRefusedAtStart() throws IOException {
    assertThrows(
        KeyServerConfigException.class,
        () -> start("version: 1\nsecrets: [{name: other, sample: true}]\n", finding()));
    assertThrows(
        KeyServerConfigException.class, () -> start("version: 1\nsecrets: []\n", finding()));
    Path config = directory.resolve("config.yaml");
    Files.writeString(directory.resolve("policy.yaml"), firmware(GOOD, ""));
    Files.writeString(config, Files.readString(config) + "    evidence: [sample]\n");
    assertThrows(
        KeyServerConfigException.class, () -> KeyServerFixture.load(KeyServerConfig.read(config)));
    Files.writeString(directory.resolve("policy.yaml"), firmware(GOOD, "max_releases: 1"));
    Files.writeString(
        config,
        Files.readString(config)
            .replace("    evidence: [sample]\n", "")
            .replace("release_counts: counts\n", ""));
    String message =
        String.valueOf(
            assertThrows(
                    KeyServerConfigException.class,
                    () -> KeyServerFixture.load(KeyServerConfig.read(config)))
                .getMessage());
    assertTrue(message.contains("release_counts"), message);
  }
}
