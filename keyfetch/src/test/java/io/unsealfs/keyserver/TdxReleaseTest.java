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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Secrets released for TDX quotes, by hardware that the test makes itself. */
class TdxReleaseTest {
  private final QuoteForge hardware = new QuoteForge(Instant.now());
  @TempDir Path directory = Path.of("");

  private KeyServer start() throws IOException {
    Files.createDirectory(directory.resolve("collateral"));
    KeyServerFixture files = new KeyServerFixture(directory);
    Path config = files.configFile("collateral: {directory: collateral}");
    Files.writeString(
        config,
        Files.readString(config)
            .replace("evidence: [sample]", "evidence: [tdx]\n    any_measurement: true"));
    return KeyServer.start(
        KeyServerConfig.read(config),
        Clock.systemUTC(),
        System::nanoTime,
        new Appraisers(List.of(appraiser())),
        new HeapMemory());
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
  void tdxNeedsCollateralAndARuleOnWhatRuns() throws IOException {
    KeyServerFixture files = new KeyServerFixture(directory);
    Path config = files.configFile("collateral: {directory: collateral}");
    Files.writeString(
        config, Files.readString(config).replace("evidence: [sample]", "evidence: [tdx]"));
    String message =
        String.valueOf(
            assertThrows(KeyServerConfigException.class, () -> KeyServerConfig.read(config))
                .getMessage());
    assertTrue(message.contains("any_measurement"), message);
  }
}
