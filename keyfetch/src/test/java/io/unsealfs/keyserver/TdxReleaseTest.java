package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.proto.v1.Evidence;
import io.unsealfs.key.proto.v1.SecretRequest;
import io.unsealfs.key.wire.DenialReason;
import io.unsealfs.keyserver.StubClient.Conversation;
import io.unsealfs.verify.BaselineRules;
import io.unsealfs.verify.Claims;
import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.dcap.Endorsements;
import io.unsealfs.verify.dcap.QuoteAppraiser;
import io.unsealfs.verify.dcap.QuoteForge;
import io.unsealfs.verify.dcap.QuoteVerifier;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Secrets released for TDX quotes, by hardware that the test makes itself. */
class TdxReleaseTest {
  private static final int MEASUREMENT_SIZE = 48;

  private final QuoteForge hardware = new QuoteForge(Instant.now());
  @TempDir Path directory = Path.of("");

  private KeyServer start() throws IOException {
    return start("firmware");
  }

  private KeyServer start(String firmware) throws IOException {
    Files.createDirectory(directory.resolve("collateral"));
    KeyServerFixture files = new KeyServerFixture(directory);
    Path config = files.configFile("collateral: {directory: collateral}\npolicy: policy.yaml");
    Files.writeString(config, Files.readString(config).replace("    evidence: [sample]\n", ""));
    Files.writeString(directory.resolve("policy.yaml"), policy(firmware));
    return KeyServer.start(
        KeyServerConfig.read(config),
        Clock.systemUTC(),
        System::nanoTime,
        new Appraisers(List.of(appraiser())),
        new HeapMemory());
  }

  /** Releases every secret to machines whose firmware has this measurement, zeros behind it. */
  private static String policy(String mrTd) {
    String measurement =
        HexFormat.of()
            .formatHex(Arrays.copyOf(mrTd.getBytes(StandardCharsets.US_ASCII), MEASUREMENT_SIZE));
    StringBuilder yaml = new StringBuilder("version: 1\nsecrets:\n");
    for (String secret : List.of("model", "expired", "bare")) {
      yaml.append("  - name: ").append(secret).append("\n    rules:\n");
      yaml.append("      - {tee: tdx, firmware_only: true, mr_td: [")
          .append(measurement)
          .append("]}\n");
    }
    return yaml.toString();
  }

  private QuoteAppraiser appraiser() throws VerificationException {
    Endorsements endorsements = Endorsements.load(hardware.collateral(), hardware.root());
    return new QuoteAppraiser(
        Claims.Tee.TDX,
        (_, _) -> endorsements,
        new QuoteVerifier(QuoteVerifier.Minimum.NONE),
        BaselineRules.STRICT,
        Clock.systemUTC());
  }

  private static SecretRequest with(SecretRequest request, byte[] quote) {
    return request.toBuilder()
        .setEvidence(Evidence.newBuilder().setType("tdx").setQuote(ByteString.copyFrom(quote)))
        .build();
  }

  private byte[] quote(Conversation conversation) {
    return hardware.quote(conversation.transcript().reportData().toBytes());
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
  void aQuoteAboutThisConversationReleasesTheSecret() throws IOException {
    try (KeyServer server = start();
        StubClient client = new StubClient(server.port())) {
      Conversation conversation = client.begin("model");
      assertArrayEquals(
          KeyServerFixture.SECRET,
          conversation.open(client.ask(with(conversation.request(), quote(conversation)))));
    }
  }

  @Test
  void evidenceStolenFromAnotherConversationIsRefused() throws IOException {
    try (KeyServer server = start();
        StubClient client = new StubClient(server.port())) {
      byte[] stolen = quote(client.begin("model"));
      assertEquals(
          DenialReason.BINDING_MISMATCH,
          denial(client, with(client.begin("model").request(), stolen)));
    }
    assertTrue(lastAuditLine().contains("REPORT_DATA"), lastAuditLine());
  }

  @Test
  void aQuoteForOneSecretDoesNotReleaseAnother() throws IOException {
    try (KeyServer server = start();
        StubClient client = new StubClient(server.port())) {
      Conversation conversation = client.begin("model");
      SecretRequest other =
          with(conversation.request(), quote(conversation)).toBuilder()
              .setSecretName("bare")
              .build();
      assertEquals(DenialReason.BINDING_MISMATCH, denial(client, other));
    }
  }

  @Test
  void hardwareOfAnybodyElseIsRefusedWithoutSayingWhy() throws IOException {
    QuoteForge foreign = new QuoteForge(Instant.now());
    try (KeyServer server = start();
        StubClient client = new StubClient(server.port())) {
      Conversation conversation = client.begin("model");
      byte[] quote = foreign.quote(conversation.transcript().reportData().toBytes());
      assertEquals(DenialReason.NOT_RELEASED, denial(client, with(conversation.request(), quote)));
    }
    assertTrue(lastAuditLine().contains("PCK_CHAIN"), lastAuditLine());
  }

  @Test
  void aChangedQuoteIsRefused() throws IOException {
    try (KeyServer server = start();
        StubClient client = new StubClient(server.port())) {
      Conversation conversation = client.begin("model");
      byte[] quote = quote(conversation);
      quote[48 + 136] ^= 1;
      assertEquals(DenialReason.NOT_RELEASED, denial(client, with(conversation.request(), quote)));
    }
    assertTrue(lastAuditLine().contains("QUOTE_SIGNATURE"), lastAuditLine());
  }

  @Test
  void genuineEvidenceOfAnotherFirmwareIsRefused() throws IOException {
    try (KeyServer server = start("another");
        StubClient client = new StubClient(server.port())) {
      Conversation conversation = client.begin("model");
      assertEquals(
          DenialReason.NOT_RELEASED,
          denial(client, with(conversation.request(), quote(conversation))));
    }
    assertTrue(lastAuditLine().contains("MEASUREMENT"), lastAuditLine());
  }

  @Test
  void tdxNeedsRulesWhichOnlyAPolicyHas() throws IOException {
    KeyServerFixture files = new KeyServerFixture(directory);
    Path config = files.configFile("collateral: {directory: collateral}");
    Files.writeString(
        config, Files.readString(config).replace("evidence: [sample]", "evidence: [tdx]"));
    String message =
        String.valueOf(
            assertThrows(KeyServerConfigException.class, () -> KeyServerConfig.read(config))
                .getMessage());
    assertTrue(message.contains("policy"), message);
  }
}
