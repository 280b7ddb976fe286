package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.LeaseTerms;
import io.unsealfs.key.SecretTerms;
import io.unsealfs.key.proto.v1.SecretReply;
import io.unsealfs.key.proto.v1.Terms;
import io.unsealfs.key.wire.TermsCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the server says about how long a key may be used, and that nobody else can say it. */
class LeaseReleaseTest {
  private static final Instant NOW = Instant.parse("2027-01-01T00:00:00Z");
  private static final String SAMPLE = "allow_sample: true";

  @TempDir Path directory = Path.of("");
  private KeyServerFixture files;

  @BeforeEach
  void makeFiles() throws IOException {
    files = new KeyServerFixture(directory);
  }

  private KeyServerConfig config(String expiresAt, String lease) throws IOException {
    Path file = files.configFile(SAMPLE);
    Files.writeString(
        file,
        Files.readString(file)
            .replace(
                "    expires_at: 2040-01-01T00:00:00Z\n",
                expiresAt.isEmpty() ? lease : "    expires_at: " + expiresAt + "\n" + lease));
    return KeyServerConfig.read(file);
  }

  private SecretTerms released(KeyServerConfig config, Instant at) throws IOException {
    Clock clock = Clock.fixed(at, ZoneOffset.UTC);
    try (KeyServer server =
            KeyServer.start(
                config, clock, System::nanoTime, Appraisers.standard(), new HeapMemory());
        StubClient client = new StubClient(server.port())) {
      StubClient.Conversation conversation = client.begin("model");
      SecretReply reply = client.ask(conversation.request());
      assertArrayEquals(KeyServerFixture.SECRET, conversation.open(reply));
      return TermsCodec.decode(reply.getTerms().toByteArray(), true);
    }
  }

  @Test
  void theLeaseTravelsWithTheSecret() throws IOException {
    SecretTerms terms =
        released(config("", "    lease: {expires_after: 1h, renew_every: 5m}\n"), NOW);
    assertEquals(
        new LeaseTerms(Optional.of(Duration.ofHours(1)), Optional.of(Duration.ofMinutes(5))),
        terms.lease());
    assertEquals(Optional.empty(), terms.expiry());
  }

  @Test
  void withoutALeaseNothingIsSaid() throws IOException {
    assertTrue(released(config("", ""), NOW).lease().isNone());
  }

  @Test
  void aDateBecomesADurationAtEachRelease() throws IOException {
    KeyServerConfig config = config("2027-01-01T01:00:00Z", "");
    assertEquals(Optional.of(Duration.ofHours(1)), released(config, NOW).lease().expiresAfter());
    assertEquals(
        Optional.of(Duration.ofMinutes(10)),
        released(config, NOW.plusSeconds(3000)).lease().expiresAfter());
  }

  @Test
  void theLeaseNeverReachesBeyondTheDate() throws IOException {
    KeyServerConfig config =
        config("2027-01-01T02:00:00Z", "    lease: {expires_after: 90m, renew_every: 5m}\n");
    LeaseTerms early = released(config, NOW).lease();
    LeaseTerms late = released(config, NOW.plusSeconds(3600)).lease();
    assertEquals(Optional.of(Duration.ofMinutes(90)), early.expiresAfter());
    assertEquals(Optional.of(Duration.ofMinutes(60)), late.expiresAfter());
    assertEquals(early.renewEvery(), late.renewEvery());
  }

  @Test
  void aDateFarAwayIsTheLongestLease() throws IOException {
    assertEquals(
        Optional.of(LeaseTerms.LONGEST),
        released(config("2300-01-01T00:00:00Z", ""), NOW).lease().expiresAfter());
  }

  @Test
  void aLongerLeaseDoesNotOpen() throws IOException {
    Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
    try (KeyServer server =
            KeyServer.start(
                config("", "    lease: {expires_after: 1h}\n"),
                clock,
                System::nanoTime,
                Appraisers.standard(),
                new HeapMemory());
        StubClient client = new StubClient(server.port())) {
      StubClient.Conversation conversation = client.begin("model");
      SecretReply reply = client.ask(conversation.request());
      Terms longer = Terms.parseFrom(reply.getTerms()).toBuilder().setExpiresAfterS(7200).build();
      for (ByteString terms : new ByteString[] {longer.toByteString(), ByteString.EMPTY}) {
        SecretReply changed = reply.toBuilder().setTerms(terms).build();
        assertThrows(Exception.class, () -> conversation.open(changed));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"30s,30", "5m,300", "1h,3600", "7d,604800", "3660d,316224000"})
  void durationsHaveAUnit(String text, long seconds) throws IOException {
    assertEquals(
        Optional.of(Duration.ofSeconds(seconds)),
        config("", "    lease: {expires_after: " + text + "}\n")
            .secrets()
            .get(0)
            .lease()
            .expiresAfter());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "expires_after: 1",
        "expires_after: 0s",
        "expires_after: -1s",
        "expires_after: 1w",
        "expires_after: 3661d",
        "expires_after: 999999999d",
        "expires_after: 1h 5m",
        "renew_every: 5m",
        "expires_after: 1h, renew_every: 1h",
        "expires_after: 1h, renew: 5m",
        "expires_after: [1h]",
        ""
      })
  void aBadLeaseIsRefusedByItsName(String lease) {
    KeyServerConfigException e =
        assertThrows(
            KeyServerConfigException.class, () -> config("", "    lease: {" + lease + "}\n"));
    assertTrue(String.valueOf(e.getMessage()).contains("lease."), e.toString());
  }
}
