package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.proto.v1.Evidence;
import io.unsealfs.key.proto.v1.PskProof;
import io.unsealfs.key.proto.v1.SecretRequest;
import io.unsealfs.key.wire.DenialReason;
import io.unsealfs.keyserver.StubClient.Conversation;
import io.unsealfs.verify.BaselineRules;
import io.unsealfs.verify.snp.ReportForge;
import io.unsealfs.verify.snp.SnpAppraiser;
import io.unsealfs.verify.snp.SnpEndorsements;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Secrets released for SEV-SNP reports, by hardware that the test makes itself. */
class SnpReleaseTest {
  private static final String MEASURED =
      "tee: snp, measurement: [\""
          + HexFormat.of().formatHex(ReportForge.measurement())
          + "\"], min_tcb: {bootloader: 4, snp: 8, microcode: 209}";
  private static final byte[] KEY =
      "3f9c51d07a8be264c1f0a95d7e6b3821".getBytes(StandardCharsets.US_ASCII);

  private final ReportForge hardware = new ReportForge(Instant.now());
  @TempDir Path directory = Path.of("");

  private KeyServer start(String rule) throws IOException {
    KeyServerFixture files = new KeyServerFixture(directory);
    files.secretFile("team-a.psk", KEY);
    Path config = files.configFile("policy: policy.yaml\npsks: [{id: team-a, file: team-a.psk}]");
    Files.writeString(config, Files.readString(config).replace("    evidence: [sample]\n", ""));
    Files.writeString(
        directory.resolve("policy.yaml"),
        """
        version: 1
        secrets:
          - {name: model, rules: [{%s}]}
          - {name: expired, sample: true}
          - {name: bare, rules: [{%s}]}
        """
            .formatted(rule, rule));
    SnpEndorsements endorsements = hardware.endorsements();
    return KeyServer.start(
        KeyServerConfig.read(config),
        Clock.systemUTC(),
        System::nanoTime,
        new Appraisers(
            List.of(new SnpAppraiser(() -> endorsements, BaselineRules.STRICT, Clock.systemUTC()))),
        new HeapMemory());
  }

  private static SecretRequest with(SecretRequest request, byte[] report) {
    return request.toBuilder()
        .setEvidence(Evidence.newBuilder().setType("snp").setQuote(ByteString.copyFrom(report)))
        .build();
  }

  private static byte[] evidence(ReportForge forge, Conversation conversation) {
    return forge.evidence(conversation.transcript().reportData().toBytes());
  }

  private static DenialReason denial(StubClient client, SecretRequest request) {
    StatusRuntimeException e =
        assertThrows(StatusRuntimeException.class, () -> client.ask(request));
    var trailers = e.getTrailers();
    byte[] trailer = trailers == null ? null : trailers.get(Denied.TRAILER);
    return trailer == null ? DenialReason.UNSPECIFIED : DenialReason.decode(trailer);
  }

  private String lastAuditLine() throws IOException {
    return Files.readAllLines(directory.resolve("audit.jsonl")).getLast();
  }

  @Test
  void aReportAboutThisConversationReleasesTheSecret() throws IOException {
    try (KeyServer server = start(MEASURED);
        StubClient client = new StubClient(server.port())) {
      Conversation conversation = client.begin("model");
      assertArrayEquals(
          KeyServerFixture.SECRET,
          conversation.open(
              client.ask(with(conversation.request(), evidence(hardware, conversation)))));
    }
  }

  @Test
  void aReportOfAnotherConversationOrAboutAnotherSecretIsRefused() throws IOException {
    try (KeyServer server = start(MEASURED);
        StubClient client = new StubClient(server.port())) {
      byte[] stolen = evidence(hardware, client.begin("model"));
      assertEquals(
          DenialReason.BINDING_MISMATCH,
          denial(client, with(client.begin("model").request(), stolen)));
      Conversation conversation = client.begin("model");
      SecretRequest other =
          with(conversation.request(), evidence(hardware, conversation)).toBuilder()
              .setSecretName("bare")
              .build();
      assertEquals(DenialReason.BINDING_MISMATCH, denial(client, other));
    }
    assertTrue(lastAuditLine().contains("REPORT_DATA"), lastAuditLine());
  }

  @Test
  void aPlatformBelowTheFloorIsRefusedAndOnlyTheLogSaysWhy() throws IOException {
    try (KeyServer server = start(MEASURED.replace("bootloader: 4", "bootloader: 5"));
        StubClient client = new StubClient(server.port())) {
      Conversation conversation = client.begin("model");
      assertEquals(
          DenialReason.NOT_RELEASED,
          denial(client, with(conversation.request(), evidence(hardware, conversation))));
    }
    assertTrue(lastAuditLine().contains("TCB_STATUS"), lastAuditLine());
  }

  @Test
  void aKeyBesidesAReportIsDemandedWhereTheRuleListsOne() throws IOException {
    try (KeyServer server = start(MEASURED + ", requester_psk: [team-a]");
        StubClient client = new StubClient(server.port())) {
      Conversation silent = client.begin("model");
      assertEquals(
          DenialReason.NOT_RELEASED,
          denial(client, with(silent.request(), evidence(hardware, silent))));
      assertTrue(lastAuditLine().contains("REQUESTER"), lastAuditLine());
      Conversation conversation = client.begin("model");
      SecretRequest both =
          with(conversation.request(), evidence(hardware, conversation)).toBuilder()
              .setPskProof(
                  PskProof.newBuilder()
                      .setKeyId("team-a")
                      .setMac(
                          ByteString.copyFrom(
                              io.unsealfs.key.wire.PskProof.of(
                                  KEY, "team-a", conversation.transcript()))))
              .build();
      assertArrayEquals(KeyServerFixture.SECRET, conversation.open(client.ask(both)));
    }
  }

  @Test
  void withoutRevocationListsReportsAreNotTaken() throws IOException {
    KeyServerConfig config = new KeyServerFixture(directory).config("snp: {directory: snp}");
    assertTrue(
        String.valueOf(
                assertThrows(
                        KeyServerConfigException.class,
                        () -> Appraisers.of(config, Clock.systemUTC(), System::nanoTime).close())
                    .getMessage())
            .contains("snp.directory"));
    Files.createDirectory(directory.resolve("snp"));
    try (Appraisers appraisers = Appraisers.of(config, Clock.systemUTC(), System::nanoTime)) {
      String failure =
          appraisers
              .forType("snp", false)
              .appraise(
                  new io.unsealfs.attest.Evidence(
                      "snp", hardware.evidence(new byte[64]), new byte[0]),
                  io.unsealfs.attest.ReportData.of(new byte[64]))
              .failures()
              .getFirst()
              .name();
      // the root of this hardware is not AMD's
      assertEquals("VCEK_CHAIN", failure);
    }
  }
}
