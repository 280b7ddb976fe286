package io.unsealfs.keyserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.attest.sample.SampleAttester;
import io.unsealfs.key.HeapMemory;
import io.unsealfs.key.KeyDeniedException;
import io.unsealfs.key.KeyReference;
import io.unsealfs.key.KeyUnavailableException;
import io.unsealfs.key.Secret;
import io.unsealfs.key.SecretMemory;
import io.unsealfs.key.ServerTrust;
import io.unsealfs.key.UntrustedServerException;
import io.unsealfs.key.grpc.GrpcKeyProvider;
import io.unsealfs.key.grpc.GrpcTimeouts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client of {@code io.unsealfs.key.grpc} against the server. */
class RealClientTest {
  private static final String SAMPLE = "allow_sample: true";
  private final GrpcKeyProvider provider =
      new GrpcKeyProvider(RealClientTest::heapRegion, GrpcTimeouts.DEFAULT);

  @TempDir Path directory = Path.of("");

  private static SecretMemory.Region heapRegion(byte[] bytes) {
    byte[] copy = bytes.clone();
    return new SecretMemory.Region() {
      @Override
      public int size() {
        return copy.length;
      }

      @Override
      public <T> T use(Function<byte[], T> use) {
        return use.apply(copy.clone());
      }

      @Override
      public void close() {}
    };
  }

  private KeyServer start(String more) throws IOException {
    return KeyServer.start(
        new KeyServerFixture(directory).config(more), Clock.systemUTC(), new HeapMemory());
  }

  private Secret fetch(KeyServer server, String name, String pin) throws IOException {
    return provider.fetch(
        KeyReference.parse("grpc://127.0.0.1:" + server.port() + "/" + name),
        new SampleAttester(),
        new ServerTrust(Optional.empty(), List.of(pin), false));
  }

  @Test
  void aPinnedServerReleasesTheSecretWithTermsThatCount() throws IOException {
    try (KeyServer server = start(SAMPLE);
        Secret secret = fetch(server, "model", server.identityPin())) {
      assertArrayEquals(KeyServerFixture.SECRET, secret.use(byte[]::clone));
      assertTrue(secret.terms().authenticated());
      assertEquals(Optional.of(KeyServerFixture.DIGEST), secret.terms().volumeDigest());
    }
  }

  @Test
  void anotherPinIsNoTrustAndNoEvidenceIsShown() throws IOException {
    try (KeyServer server = start(SAMPLE)) {
      assertThrows(
          UntrustedServerException.class,
          () -> fetch(server, "model", "sha256:" + "00".repeat(32)));
    }
    assertEquals(1, Files.readAllLines(directory.resolve("audit.jsonl")).size());
  }

  @Test
  void aRefusalIsADenialWithItsReason() throws IOException {
    try (KeyServer server = start(SAMPLE)) {
      String message =
          String.valueOf(
              assertThrows(
                      KeyDeniedException.class,
                      () -> fetch(server, "nothing", server.identityPin()))
                  .getMessage());
      assertTrue(message.contains("NOT_RELEASED"), message);
    }
  }

  @Test
  void tooManyRequestsAreNoDenialBecauseLaterMayHelp() throws IOException {
    String limits = "\nlimits: {per_second_per_peer: 1, burst_per_peer: 1, burst: 1}";
    try (KeyServer server = start(SAMPLE + limits);
        StubClient flood = new StubClient(server.port())) {
      flood.challenge();
      assertThrows(
          KeyUnavailableException.class,
          () -> {
            for (int i = 0; i < 100; i++) {
              fetch(server, "model", server.identityPin()).close();
            }
          });
    }
  }
}
