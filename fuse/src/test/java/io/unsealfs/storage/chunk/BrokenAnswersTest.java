package io.unsealfs.storage.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.unsealfs.storage.Source;
import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.StoreProtocolException;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.credentials.CredentialListener;
import io.unsealfs.storage.object.credentials.StoreCredentials;
import io.unsealfs.storage.object.oss.OssStore;
import io.unsealfs.storage.object.s3.S3Store;
import io.unsealfs.storage.object.server.Fault;
import io.unsealfs.storage.object.server.StoreBucket;
import io.unsealfs.storage.object.server.StoreRequest;
import io.unsealfs.storage.object.server.StoreServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Answers that break the protocol are counted, also where the second one is sound. */
@Timeout(60)
class BrokenAnswersTest {
  private static final int SIZE = 100_000;

  private static ObjectStore open(StoreServer server, StoreBucket.Dialect dialect) {
    StoreSettings settings =
        StoreSettings.parse(
            Map.of("endpoint", server.endpoint(), "region", "cn-hangzhou", "path-style", "true"));
    CredentialCache credentials =
        new CredentialCache(
            () -> StoreCredentials.of("id", "secret", Optional.empty(), Optional.empty()),
            Clock.systemUTC(),
            CredentialListener.none());
    return dialect == StoreBucket.Dialect.S3
        ? S3Store.open(ObjectUri.parse("s3://models"), settings, credentials)
        : OssStore.open(ObjectUri.parse("oss://models"), settings, credentials);
  }

  @ParameterizedTest
  @EnumSource
  void eachOfThemIsCountedAndSoIsItsRequest(StoreBucket.Dialect dialect) throws IOException {
    try (StoreServer server = new StoreServer(new StoreBucket(dialect, "models"));
        ObjectStore store = open(server, dialect);
        ChunkStore chunks = new ChunkStore(store, Undoubled.SETTINGS)) {
      Fault wrong = Fault.header("Content-Range", "bytes 0-9/" + SIZE);
      server.bucket().put("a", new byte[SIZE]);
      server.bucket().put("b", new byte[SIZE]);
      server.next(StoreRequest::isGet, wrong);
      try (Source source = chunks.open(store.head("a", Cancellation.none()))) {
        assertEquals(10, source.read(0, ByteBuffer.allocate(10)));
      }
      assertCounted(chunks, server, 1, 1);
      server.next(StoreRequest::isGet, wrong, wrong);
      try (Source source = chunks.open(store.head("b", Cancellation.none()))) {
        assertThrows(StoreProtocolException.class, () -> source.read(0, ByteBuffer.allocate(10)));
      }
      assertCounted(chunks, server, 3, 3);
    }
  }

  private static void assertCounted(
      ChunkStore chunks, StoreServer server, long faults, long failed) {
    // a read ends with its bytes, a moment before its request does
    while (chunks.figures().inFlight() > 0) {
      Thread.onSpinWait();
    }
    ChunkFigures figures = chunks.figures();
    assertEquals(faults, figures.protocolFaultsByKind().get(StoreProtocolException.Fault.RANGE));
    assertEquals(failed, figures.failedRequests());
    assertEquals(server.traffic().gets(), figures.requests());
  }
}
