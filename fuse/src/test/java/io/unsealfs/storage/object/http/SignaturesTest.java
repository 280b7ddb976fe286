package io.unsealfs.storage.object.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.unsealfs.storage.object.credentials.StoreCredentials;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SignaturesTest {
  private Instant now = Instant.parse("2026-01-02T03:04:05Z");
  private int signed;
  private final InstantSource source = () -> now;
  private final Clock clock = source.withZone(ZoneOffset.UTC);
  private final Signatures signatures =
      new Signatures(
          (key, credentials) -> {
            signed++;
            return new SignedRequest(
                URI.create("http://store/" + key),
                Map.of("Authorization", List.of(credentials.accessKeyId())),
                clock.instant());
          },
          clock);
  private final StoreCredentials ours = credentials("ours");

  private static StoreCredentials credentials(String id) {
    return StoreCredentials.of(id, "secret", Optional.empty(), Optional.empty());
  }

  @Test
  void oneServesForAMinute() throws IOException {
    SignedRequest first = signatures.of("a", ours);
    now = now.plusSeconds(59);
    assertSame(first, signatures.of("a", ours));
    now = now.plusSeconds(1);
    assertNotSame(first, signatures.of("a", ours));
    assertEquals(2, signed);
  }

  @Test
  void aClockThatIsPutBackEndsIt() throws IOException {
    SignedRequest first = signatures.of("a", ours);
    now = now.minus(Duration.ofMinutes(20));
    assertNotSame(first, signatures.of("a", ours));
  }

  @Test
  void eachObjectHasItsOwn() throws IOException {
    assertEquals(URI.create("http://store/a"), signatures.of("a", ours).uri());
    assertEquals(URI.create("http://store/b"), signatures.of("b", ours).uri());
  }

  @Test
  void newCredentialsSignAnew() throws IOException {
    SignedRequest first = signatures.of("a", ours);
    SignedRequest second = signatures.of("a", credentials("theirs"));
    assertEquals(List.of("theirs"), second.headers().get("Authorization"));
    assertNotSame(first, signatures.of("a", ours));
  }

  @Test
  void whatTheStoreRefusedIsNotUsedAgain() throws IOException {
    SignedRequest first = signatures.of("a", ours);
    signatures.forget("a", first);
    now = now.plusSeconds(1);
    SignedRequest second = signatures.of("a", ours);
    assertNotSame(first, second);
    // somebody else's refusal of the old one comes late
    signatures.forget("a", first);
    assertSame(second, signatures.of("a", ours));
  }

  @Test
  void theyAreBounded() throws IOException {
    SignedRequest first = signatures.of("0", ours);
    for (int i = 1; i <= 256; i++) {
      SignedRequest _ = signatures.of(Integer.toString(i), ours);
    }
    assertNotSame(first, signatures.of("0", ours));
    assertEquals(258, signed);
  }

  @Test
  void nothingOfItIsShown() throws IOException {
    assertEquals("SignedRequest of " + now, signatures.of("a", ours).toString());
  }
}
