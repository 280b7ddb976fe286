package io.unsealfs.storage.object.s3;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.unsealfs.storage.object.Cancellation;
import io.unsealfs.storage.object.ObjectStore;
import io.unsealfs.storage.object.ObjectStoreContract;
import io.unsealfs.storage.object.ObjectUri;
import io.unsealfs.storage.object.ObjectVersion;
import io.unsealfs.storage.object.RangeSink;
import io.unsealfs.storage.object.StoreSettings;
import io.unsealfs.storage.object.credentials.CredentialCache;
import io.unsealfs.storage.object.server.StoreBucket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import org.junit.jupiter.api.Test;

class S3StoreTest extends ObjectStoreContract {

  @Override
  protected StoreBucket.Dialect dialect() {
    return StoreBucket.Dialect.S3;
  }

  @Override
  protected ObjectStore open(ObjectUri uri, StoreSettings settings, CredentialCache credentials) {
    return S3Store.open(uri, settings, credentials);
  }

  @Test
  void aPublicBucketIsReadUnsigned() throws IOException {
    try (ObjectStore store = open(Map.of("anonymous", "true"))) {
      ObjectVersion version = store.head("tree/a.bin", Cancellation.none());
      store.get(version, 0, 10, RangeSink.into(ByteBuffer.allocate(10)), Cancellation.none());
    }
    server()
        .traffic()
        .requests()
        .forEach(request -> assertFalse(request.headers().containsKey("authorization")));
  }

  @Test
  void everyRequestIsSignedWithItsTokenAndAsksForNoChecksum() throws IOException {
    try (ObjectStore store = open(Map.of())) {
      ObjectVersion version = store.head("tree/a.bin", Cancellation.none());
      store.get(version, 0, 10, RangeSink.into(ByteBuffer.allocate(10)), Cancellation.none());
    }
    Map<String, String> headers = server().traffic().requests().getLast().headers();
    assertTrue(headers.getOrDefault("authorization", "").startsWith("AWS4-HMAC-SHA256"));
    assertTrue(headers.getOrDefault("x-amz-security-token", "").startsWith("tok"));
    assertFalse(headers.containsKey("x-amz-checksum-mode"));
    assertFalse(headers.containsKey("accept-encoding"));
  }
}
